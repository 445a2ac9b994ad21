/* Numbers that <math.h> lacks. Internal. */
#ifndef JN_BASE_CONSTANTS_H
#define JN_BASE_CONSTANTS_H

#define JN_LOG_2PI 1.8378770664093454836

#endif
