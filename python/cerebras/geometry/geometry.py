"""Integer points and rectangles."""


class IntVector:
    """A point, or the step between two."""

    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = int(x), int(y)

    def __add__(self, other):
        return IntVector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return IntVector(self.x - other.x, self.y - other.y)

    def __eq__(self, other):
        return isinstance(other, IntVector) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __iter__(self):
        return iter((self.x, self.y))

    def __repr__(self):
        return f"IntVector({self.x}, {self.y})"


class IntRectangle:
    """The points from the upper left corner up to, and without, the lower right one."""

    __slots__ = ("upper_left", "lower_right")

    def __init__(self, upper_left, lower_right):
        self.upper_left, self.lower_right = upper_left, lower_right

    @property
    def width(self):
        return self.lower_right.x - self.upper_left.x

    @property
    def height(self):
        return self.lower_right.y - self.upper_left.y

    def __contains__(self, point):
        return (self.upper_left.x <= point.x < self.lower_right.x
                and self.upper_left.y <= point.y < self.lower_right.y)

    def __eq__(self, other):
        return (isinstance(other, IntRectangle)
                and (self.upper_left, self.lower_right) == (other.upper_left, other.lower_right))

    def __hash__(self):
        return hash((self.upper_left, self.lower_right))

    def __repr__(self):
        return f"IntRectangle({self.upper_left!r}, {self.lower_right!r})"
