package dev.banos.samples.heapmap;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The page: a template that draws, and the recording as the data that it draws. */
final class MapPage {
    private static final String TEMPLATE = "heapmap.html";
    private static final String DATA = "\"DATA\"";

    private MapPage() {
    }

    static String of(Recording recording, String target, String trace) {
        return template().replace(DATA, data(recording, target, trace));
    }

    private static String template() {
        try (InputStream in = MapPage.class.getResourceAsStream(TEMPLATE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new UncheckedIOException(TEMPLATE, failed);
        }
    }

    private static String data(Recording recording, String target, String trace) {
        String regions = recording.regions().stream().map(region -> "\"" + Long.toHexString(region) + "\"")
                .collect(Collectors.joining(","));
        String frames = recording.frames().stream().map(MapPage::frame).collect(Collectors.joining(",\n"));
        return "{\"target\":" + quoted(target) + ",\"trace\":" + quoted(trace) + ",\"operations\":" + recording.operations()
                + ",\"regions\":[" + regions + "],\n\"frames\":[" + frames + "]}";
    }

    private static String frame(Recording.Frame frame) {
        String pages = frame.pages().stream().map(change -> "[" + change.region() + ",\"" + change.pages() + "\"]")
                .collect(Collectors.joining(","));
        return "{\"op\":" + frame.operation() + ",\"live\":" + frame.liveBytes() + ",\"resident\":" + frame.residentBytes()
                + ",\"blocks\":" + Arrays.toString(frame.blocksBySize()) + ",\"bytes\":" + Arrays.toString(frame.bytesBySize())
                + ",\"pages\":[" + pages + "]}";
    }

    /** As JSON has it, and harmless within an HTML script. */
    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            boolean plain = c >= ' ' && c < 127 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
            quoted.append(plain ? String.valueOf(c) : String.format("\\u%04x", (int) c));
        }
        return quoted.append('"').toString();
    }
}
