package io.quire.fuse.command;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code quire} command, started by {@code scripts/quire}.
 *
 * <p>Exit status: 0 when what was asked for is done, 2 when the command line is wrong, 1 for every other failure. A
 * failure prints exactly one line on standard error, which names the thing and the remedy.
 */
@Command(name = "quire", mixinStandardHelpOptions = true, version = "Quire 0.1.0",
    description = "A page cache between a directory and the programs that use it, mounted as a filesystem.",
    synopsisSubcommandLabel = "COMMAND", usageHelpAutoWidth = true,
    subcommands = {MountCommand.class, UmountCommand.class, StatsCommand.class, DemoCommand.class,
        PolicyCommand.class, ReproduceCommand.class, ReplayCommand.class, DropCommand.class, WarmUpCommand.class})
public final class Main implements Runnable {
    private static final System.Logger LOG = System.getLogger(Main.class.getName());

    private Main() {
    }

    /**
     * Runs the command and ends the JVM with its exit status.
     *
     * @param arguments the command line; {@code --help} explains it
     */
    public static void main(final String[] arguments) {
        final LauncherStatus launcher = LauncherStatus.fromSystemProperty();
        final int status = run(launcher, Main::complain, rawArguments(arguments));
        launcher.report(status);
        System.exit(status);
    }

    /** Without a subcommand. */
    @Override
    public void run() {
        throw CommandException.usage("no command given; try quire --help");
    }

    /** Carries out a command line; {@code complaints} gets the line that a failure prints. */
    static int run(final LauncherStatus launcher, final Consumer<String> complaints, final String... arguments) {
        final CommandLine line = new CommandLine(new Main(), new CommandLine.IFactory() {
            @Override
            public <K> K create(final Class<K> type) throws Exception {
                return type == MountCommand.class ? type.cast(new MountCommand(launcher))
                    : CommandLine.defaultFactory().create(type);
            }
        });
        line.setExpandAtFiles(false);
        line.setCaseInsensitiveEnumValuesAllowed(false);
        line.setParameterExceptionHandler((exception, given) -> {
            complaints.accept(oneLine(describe(exception)));
            return CommandException.USAGE;
        });
        line.setExecutionExceptionHandler((exception, command, result) -> {
            if (exception instanceof final CommandException expected) {
                complaints.accept(oneLine(expected.getMessage()));
                return expected.status();
            }
            complaints.accept(oneLine("internal error, please report it: " + exception + at(exception)));
            return CommandException.FAILED;
        });
        return line.execute(arguments);
    }

    /** One line, whatever is in the message. */
    private static String oneLine(final String message) {
        return "quire: " + message.strip().replaceAll("\\s*[\\r\\n]+\\s*", "; ") + "\n";
    }

    /** Prints text on standard output, names byte for byte. */
    static void say(final String text) {
        print(FileDescriptor.out, text);
    }

    private static void print(final FileDescriptor descriptor, final String text) {
        // Not closed: the descriptors belong to the process.
        @SuppressWarnings("resource")
        final FileOutputStream out = new FileOutputStream(descriptor);
        try {
            out.write(NativeNames.encode(text));
        } catch (final IOException e) {
            throw CommandException.failed("cannot write the output: " + CommandException.reason(e), e);
        }
    }

    private static void complain(final String line) {
        try {
            print(FileDescriptor.err, line);
        } catch (final CommandException closed) {
            // Nobody listens; the status still tells that something failed.
            LOG.log(System.Logger.Level.DEBUG, line, closed);
        }
    }

    private static String describe(final ParameterException exception) {
        final CommandLine command = exception.getCommandLine();
        final String name = command.getCommandSpec().qualifiedName();
        if (exception instanceof final UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
            final String first = "'" + unmatched.getUnmatched().getFirst() + "'";
            if (command.getParent() == null) {
                return "unknown command " + first + "; the commands are " + String.join(", ", command.getSubcommands()
                    .values().stream().map(CommandLine::getCommandSpec).filter(spec -> !spec.usageMessage().hidden())
                    .map(CommandLine.Model.CommandSpec::name).distinct().toList());
            }
            return "surplus argument " + first + "; try " + name + " --help";
        }
        final String message = exception.getMessage() == null ? exception.toString() : exception.getMessage();
        return message + "; try " + name + " --help";
    }

    private static String at(final Throwable exception) {
        final StackTraceElement[] trace = exception.getStackTrace();
        return trace.length == 0 ? "" : " at " + trace[0];
    }

    /**
     * The arguments byte for byte: the JVM decodes them as UTF-8 and so loses what is not, but the kernel still has
     * them.
     */
    private static String[] rawArguments(final String[] arguments) {
        if (String.join("", arguments).indexOf('\uFFFD') < 0) {
            return arguments;
        }
        try {
            final List<String> all = new ArrayList<>();
            final byte[] line = Files.readAllBytes(Path.of("/proc/self/cmdline"));
            int start = 0;
            for (int i = 0; i < line.length; i++) {
                if (line[i] == 0) {
                    all.add(NativeNames.decode(Arrays.copyOfRange(line, start, i)));
                    start = i + 1;
                }
            }
            return all.subList(all.size() - arguments.length, all.size()).toArray(String[]::new);
        } catch (final IOException e) {
            return arguments;
        }
    }
}
