/* All of jensen. */
#ifndef JENSEN_JENSEN_H
#define JENSEN_JENSEN_H

#include "jensen/bound.h"
#include "jensen/chain.h"
#include "jensen/csv.h"
#include "jensen/estimate.h"
#include "jensen/exact.h"
#include "jensen/finite.h"
#include "jensen/gap.h"
#include "jensen/gap_write.h"
#include "jensen/law.h"
#include "jensen/layers.h"
#include "jensen/logspace.h"
#include "jensen/matrix.h"
#include "jensen/model.h"
#include "jensen/npy.h"
#include "jensen/params.h"
#include "jensen/path.h"
#include "jensen/proposal.h"
#include "jensen/random.h"
#include "jensen/simulate.h"
#include "jensen/sobol.h"
#include "jensen/source.h"
#include "jensen/status.h"
#include "jensen/table.h"
#include "jensen/target.h"
#include "jensen/ustat.h"
#include "jensen/weights.h"

#endif
