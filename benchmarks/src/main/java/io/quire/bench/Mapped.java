package io.quire.bench;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.quire.engine.cache.CacheException;
import io.quire.engine.map.AddressSpace;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.Protection;
import io.quire.engine.map.Sharing;

/** The first file of the {@link Fixture} as a shared region, every page of it mapped. */
@State(Scope.Benchmark)
public class Mapped {
    AddressSpace space;
    MappedRegion region;
    /** Virtual address of the region's first byte. */
    long address;

    /** Made by JMH. */
    public Mapped() {
        address = 0;
    }

    /**
     * Maps the file.
     *
     * @param fixture whose file
     * @throws CacheException when it cannot be mapped
     */
    @Setup(Level.Trial)
    public void map(final Fixture fixture) throws CacheException {
        space = new AddressSpace();
        region = space.map(fixture.file(0), 0, fixture.fileBytes(), Sharing.SHARED, Protection.READ);
        address = region.address();
        for (long at = 0; at < region.length(); at += 4096) {
            if (region.getLong(at) != at) {
                throw new IllegalStateException("not what was written at " + at);
            }
        }
    }

    /**
     * Unmaps the file.
     *
     * @throws CacheException when it cannot be unmapped
     */
    @TearDown(Level.Trial)
    public void unmap() throws CacheException {
        region.close();
        space.close();
    }
}
