/* The search's inner loops as one library; see kernels.h for what they see. */
#include "kernels.h"
#include "rows.h"
#include "prices.h"
#include "steps.h"
#include "rules.h"
#include "scans.h"
#include "trials.h"
#include "starts.h"
#include "sweeps.h"
#include "gathers.h"
#include "ruins.h"
#include "deals.h"

