/* A driver in C++, made with the same headers. */
#include <banos/driver.h>
#include <banos/export.h>
#include <banos/print.h>

namespace {
template <typename T> T clamp(T value, T low, T high) { return value < low ? low : value > high ? high : value; }
int init(Banos_Driver *) { banos_dprintln("counter"); return 0; }
}

BANOS_DRIVER_API Banos_Driver driver = {
    sizeof(Banos_Driver), BANOS_VERSION_CURRENT, "counter", nullptr, BANOS_VERSION_MAKE(2, 0, 1), init, nullptr };

extern "C" int clamped(int value) { return clamp(value, -10, 10); }
extern "C" int value = 5;
BANOS_EXPORT(clamped);
BANOS_EXPORT(value);
