#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H
#endif
