// PAUSE stops at a point until the watcher's user continues: there is none here.
#pragma once
#define PAUSE() ((void)0)
