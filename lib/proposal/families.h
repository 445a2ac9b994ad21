/* The built-in proposals, one file each. Internal. */
#ifndef JN_PROPOSAL_FAMILIES_H
#define JN_PROPOSAL_FAMILIES_H

#include "jensen/proposal.h"

extern const jn_proposal_type jn_proposal_prior;
extern const jn_proposal_type jn_proposal_posterior;
extern const jn_proposal_type jn_proposal_conditional;
extern const jn_proposal_type jn_proposal_gaussian;
extern const jn_proposal_type jn_proposal_laplace;
extern const jn_proposal_type jn_proposal_encoder;
extern const jn_proposal_type jn_proposal_student;
extern const jn_proposal_type jn_proposal_mixture;

#endif
