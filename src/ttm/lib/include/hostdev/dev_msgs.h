// Mailboxes and launch messages are in the ABI header.
#pragma once
#include "wt/shared.h"
