// Pointer annotations.
#pragma once
#include "wt/attributes.h"
