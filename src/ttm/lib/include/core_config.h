// Core types and processors.
#pragma once
#include "wt/args.h"
