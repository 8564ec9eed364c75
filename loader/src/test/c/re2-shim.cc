#include <re2/re2.h>

#include <string>

/** C's edge of RE2: the bounds of up to `groups` groups of the first match, two ints each; how many, or -1 without a match. */
extern "C" int re2_find(const char *pattern, const char *text, int groups, int *bounds) {
    RE2 re(pattern, RE2::Quiet);
    if (!re.ok()) {
        return -2;
    }
    int count = 1 + re.NumberOfCapturingGroups();
    re2::StringPiece found[16];
    if (count > groups || count > 16 || !re.Match(text, 0, re2::StringPiece(text).size(), RE2::UNANCHORED, found, count)) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        bounds[2 * i] = found[i].data() == nullptr ? -1 : static_cast<int>(found[i].data() - text);
        bounds[2 * i + 1] = found[i].data() == nullptr ? -1 : bounds[2 * i] + static_cast<int>(found[i].size());
    }
    return count;
}

extern "C" int re2_replace_all(const char *pattern, const char *rewrite, char *text, int capacity) {
    std::string changed(text);
    int count = RE2::GlobalReplace(&changed, pattern, rewrite);
    if (static_cast<int>(changed.size()) >= capacity) {
        return -1;
    }
    changed.copy(text, changed.size());
    text[changed.size()] = 0;
    return count;
}
