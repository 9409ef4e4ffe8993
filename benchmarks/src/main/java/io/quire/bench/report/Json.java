package io.quire.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads and writes JSON: objects are maps, arrays lists, numbers doubles. Escapes by number are read as they are needed here, ASCII.
 * Thread-safe, as nothing is kept.
 */
public final class Json {
    private final String text;
    private int at;

    private Json(final String text) {
        this.text = text;
    }

    /**
     * Reads one value from the first brace on: fio precedes its answer by notes in plain text.
     *
     * @param text the JSON, and what precedes it
     * @return a map, a list, a string, a double or a boolean
     * @throws IllegalArgumentException when it is no JSON, saying where
     */
    public static Object parse(final String text) {
        final Json json = new Json(text);
        json.at = Math.max(0, text.indexOf('{'));
        return json.value();
    }

    private Object value() {
        return switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            default -> literal();
        };
    }

    private Map<String, Object> object() {
        final Map<String, Object> members = new LinkedHashMap<>();
        expect('{');
        while (peek() != '}') {
            final String name = string();
            expect(':');
            members.put(name, value());
            comma('}');
        }
        expect('}');
        return members;
    }

    private List<Object> array() {
        final List<Object> elements = new ArrayList<>();
        expect('[');
        while (peek() != ']') {
            elements.add(value());
            comma(']');
        }
        expect(']');
        return elements;
    }

    private void comma(final char end) {
        if (peek() != end) {
            expect(',');
        }
    }

    private String string() {
        final StringBuilder string = new StringBuilder();
        expect('"');
        while (current() != '"') {
            if (current() == '\\') {
                at++;
                string.append(switch (current()) {
                    case 'n' -> '\n';
                    case 't' -> '\t';
                    default -> current();
                });
            } else {
                string.append(current());
            }
            at++;
        }
        at++;
        return string.toString();
    }

    private Object literal() {
        final int start = at;
        while (at < text.length() && "+-.0123456789eEtrufalsn".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        final String word = text.substring(start, at);
        return switch (word) {
            case "true" -> true;
            case "false" -> false;
            case "null" -> Map.of();
            default -> {
                try {
                    yield Double.valueOf(word);
                } catch (final NumberFormatException e) {
                    throw new IllegalArgumentException("no JSON value at " + start, e);
                }
            }
        };
    }

    private char current() {
        if (at >= text.length()) {
            throw new IllegalArgumentException("JSON ends in the middle");
        }
        return text.charAt(at);
    }

    private char peek() {
        while (Character.isWhitespace(current())) {
            at++;
        }
        return current();
    }

    private void expect(final char wanted) {
        if (peek() != wanted) {
            throw new IllegalArgumentException("JSON has " + current() + " instead of " + wanted + " at " + at);
        }
        at++;
    }

    /**
     * Writes a value, indented.
     *
     * @param value maps, lists, numbers and booleans as what they are, everything else as a string
     * @return the JSON, ending with a line feed
     */
    public static String write(final Object value) {
        final StringBuilder text = new StringBuilder();
        write(text, value, 0);
        return text.append('\n').toString();
    }

    private static void write(final StringBuilder text, final Object value, final int depth) {
        if (value instanceof final Map<?, ?> members) {
            text.append('{');
            String separator = "\n";
            for (final Map.Entry<?, ?> member : members.entrySet()) {
                text.append(separator).append("  ".repeat(depth + 1));
                write(text, member.getKey(), 0);
                text.append(": ");
                write(text, member.getValue(), depth + 1);
                separator = ",\n";
            }
            text.append(members.isEmpty() ? "" : "\n" + "  ".repeat(depth)).append('}');
        } else if (value instanceof final List<?> elements) {
            text.append('[');
            String separator = "";
            for (final Object element : elements) {
                text.append(separator);
                write(text, element, depth + 1);
                separator = ", ";
            }
            text.append(']');
        } else if (value instanceof Number || value instanceof Boolean) {
            text.append(value);
        } else {
            quote(text, Objects.toString(value));
        }
    }

    private static void quote(final StringBuilder text, final String string) {
        text.append('"');
        string.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                text.append('\\').append((char) c);
            } else {
                text.append(c < ' ' ? ' ' : (char) c);
            }
        });
        text.append('"');
    }
}
