package io.quire.bench.replacement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

import io.quire.fuse.trace.PageConsumer;

/**
 * Reference strings made by rule, the same on every machine: {@code L64X128MixRandom} with the seed that stands beside each.
 *
 * <p>{@link #scanMix} is one of the strings that the policies are measured by. The others are held against them: families that
 * no parameter was chosen for, among them some at which LRU cannot be beaten.
 */
final class SyntheticStrings {
    private static final long HOT = 1;
    private static final long COLD = 2;

    private SyntheticStrings() {
    }

    /**
     * The scan-heavy mix: bursts of 100 to 4000 uses of 8192 hot pages, by Zipf's law with exponent 0.9, and after each burst one
     * file of 64 to 2048 pages that nobody asked for before or after, read once from front to back. 200,000 uses; about a third
     * of them are scans. Seed 42.
     */
    static void scanMix(final PageConsumer string) {
        final RandomGenerator random = random(42);
        final Zipf zipf = new Zipf(8192, 0.9, random);
        int uses = 0;
        for (long file = COLD; uses < 200_000; file++) {
            for (int burst = 100 + random.nextInt(3901); burst > 0; burst--, uses++) {
                string.read(HOT, zipf.next());
            }
            final int pages = 64 + random.nextInt(1985);
            for (int page = 0; page < pages; page++, uses++) {
                string.read(file, page);
            }
        }
    }

    /** The same as a string. */
    static ReferenceString scanMix() {
        final ReferenceString.Builder string = new ReferenceString.Builder("scan-mix");
        scanMix(string);
        return string.build();
    }

    /** The strings that are held against the policies. */
    static List<ReferenceString> heldOut() {
        final List<ReferenceString> strings = new ArrayList<>();
        strings.add(zipf(7));
        strings.add(onceOnly(8));
        strings.add(loops(9));
        strings.add(loopAndHotSet(10));
        strings.add(files(11));
        strings.add(twice(12));
        strings.add(drift(13));
        strings.add(stackDistances(14));
        strings.add(phases(15));
        strings.add(index(16));
        return strings;
    }

    /** 16,384 pages by Zipf's law with exponent 0.8. */
    private static ReferenceString zipf(final long seed) {
        final Zipf zipf = new Zipf(16_384, 0.8, random(seed));
        final ReferenceString.Builder string = new ReferenceString.Builder("zipf");
        for (int i = 0; i < 150_000; i++) {
            string.use(HOT, zipf.next());
        }
        return string.build();
    }

    /** Three of five uses are of a page that is used only once, the others by Zipf's law. */
    private static ReferenceString onceOnly(final long seed) {
        final RandomGenerator random = random(seed);
        final Zipf zipf = new Zipf(6000, 0.9, random);
        final ReferenceString.Builder string = new ReferenceString.Builder("once-only");
        for (int i = 0; i < 120_000; i++) {
            if (random.nextInt(5) < 3) {
                string.use(COLD, i);
            } else {
                string.use(HOT, zipf.next());
            }
        }
        return string.build();
    }

    /** Files of 200, 600, 1500 and 3000 pages, each read whole many times over, in random order. */
    private static ReferenceString loops(final long seed) {
        final RandomGenerator random = random(seed);
        final int[] sizes = {200, 600, 1500, 3000};
        final ReferenceString.Builder string = new ReferenceString.Builder("loops");
        for (int i = 0; i < 80; i++) {
            final int file = random.nextInt(sizes.length);
            for (int page = 0; page < sizes[file]; page++) {
                string.use(file, page);
            }
        }
        return string.build();
    }

    /** A loop over 2500 pages, each followed by one of 600 hot ones. */
    private static ReferenceString loopAndHotSet(final long seed) {
        final Zipf zipf = new Zipf(600, 0.8, random(seed));
        final ReferenceString.Builder string = new ReferenceString.Builder("loop-and-hot-set");
        for (int i = 0; i < 100_000; i++) {
            string.use(COLD, i % 2500);
            string.use(HOT, zipf.next());
        }
        return string.build();
    }

    /** 1500 files of very different lengths, read whole; half of the time one of the last 20 again. */
    private static ReferenceString files(final long seed) {
        final RandomGenerator random = random(seed);
        final Zipf zipf = new Zipf(1500, 0.7, random);
        final int[] sizes = new int[1500];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = (int) Math.min(400, 2 / Math.pow(1 - random.nextDouble(), 1.1));
        }
        final int[] recent = new int[20];
        final ReferenceString.Builder string = new ReferenceString.Builder("files-again");
        int uses = 0;
        for (int i = 0; uses < 100_000; i++) {
            final int file = random.nextBoolean() ? recent[random.nextInt(recent.length)] : zipf.next();
            recent[i % recent.length] = file;
            for (int page = 0; page < sizes[file]; page++, uses++) {
                string.use(file, page);
            }
        }
        return string.build();
    }

    /** Every page is used exactly twice, with an exponential distance of 500 on average: nothing can be learnt about a page. */
    private static ReferenceString twice(final long seed) {
        final RandomGenerator random = random(seed);
        final PriorityQueue<long[]> due = new PriorityQueue<>((a, b) -> Long.compare(a[0], b[0]));
        final ReferenceString.Builder string = new ReferenceString.Builder("twice");
        for (int i = 0; i < 60_000; i++) {
            if (!due.isEmpty() && due.peek()[0] <= i) {
                string.use(HOT, due.poll()[1]);
            } else {
                string.use(HOT, i);
                due.add(new long[] {i + 1 + (long) (500 * random.nextExponential()), i});
            }
        }
        return string.build();
    }

    /** A normal distribution whose middle moves on by a page in 20 uses: what was used is used again soon, or never. */
    private static ReferenceString drift(final long seed) {
        final RandomGenerator random = random(seed);
        final ReferenceString.Builder string = new ReferenceString.Builder("drift");
        for (int i = 0; i < 80_000; i++) {
            string.use(HOT, i / 20 + (long) Math.abs(150 * random.nextGaussian()));
        }
        return string.build();
    }

    /** The distance in the stack of LRU is log-normal and independent of the page: no policy that knows the past beats LRU. */
    private static ReferenceString stackDistances(final long seed) {
        final RandomGenerator random = random(seed);
        final ArrayList<Integer> stack = new ArrayList<>();
        for (int page = 0; page < 4000; page++) {
            stack.add(page);
        }
        final ReferenceString.Builder string = new ReferenceString.Builder("lru-stack");
        for (int i = 0; i < 60_000; i++) {
            final int depth = (int) Math.exp(5 + 1.4 * random.nextGaussian());
            final Integer page = stack.remove(depth < stack.size() ? depth : random.nextInt(stack.size()));
            stack.add(0, page);
            string.use(HOT, page);
        }
        return string.build();
    }

    /** Ten phases, each with another hot set, half of which was hot before. */
    private static ReferenceString phases(final long seed) {
        final RandomGenerator random = random(seed);
        final ReferenceString.Builder string = new ReferenceString.Builder("phases");
        for (int phase = 0; phase < 10; phase++) {
            final Zipf zipf = new Zipf(1200, 0.9, random);
            for (int i = 0; i < 8000; i++) {
                string.use(HOT, phase % 5 * 600 + zipf.next());
            }
        }
        return string.build();
    }

    /** Look-ups in a tree of four levels, leaves by Zipf's law. */
    private static ReferenceString index(final long seed) {
        final Zipf zipf = new Zipf(9000, 0.7, random(seed));
        final ReferenceString.Builder string = new ReferenceString.Builder("index");
        for (int i = 0; i < 20_000; i++) {
            final int leaf = zipf.next();
            string.use(HOT, 0);
            string.use(HOT, 1 + leaf / 900);
            string.use(HOT, 100 + leaf / 30);
            string.use(HOT, 1000 + leaf);
        }
        return string.build();
    }

    private static RandomGenerator random(final long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /** Numbers from 0, the k-th most frequent of them k^-exponent as often as the first; which is which is random. */
    private static final class Zipf {
        private final RandomGenerator random;
        private final double[] cumulative;
        private final int[] number;

        Zipf(final int numbers, final double exponent, final RandomGenerator random) {
            this.random = random;
            cumulative = new double[numbers];
            number = new int[numbers];
            double sum = 0;
            for (int rank = 0; rank < numbers; rank++) {
                sum += Math.pow(rank + 1, -exponent);
                cumulative[rank] = sum;
                final int other = random.nextInt(rank + 1);
                number[rank] = number[other];
                number[other] = rank;
            }
        }

        int next() {
            final double wanted = random.nextDouble() * cumulative[cumulative.length - 1];
            final int found = Arrays.binarySearch(cumulative, wanted);
            return number[Math.min(found < 0 ? ~found : found, number.length - 1)];
        }
    }
}
