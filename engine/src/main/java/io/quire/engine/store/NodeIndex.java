package io.quire.engine.store;

import java.util.Arrays;

import org.jctools.maps.NonBlockingHashMapLong;

/**
 * Finds a known node by device and inode number, so that every name of a file leads to one node. Lookups take no lock
 * and allocate nothing. There is a map for each device; a source rarely spans more than a few.
 */
final class NodeIndex {
    private record Device(long dev, NonBlockingHashMapLong<SourceNode> nodes) {
    }

    private volatile Device[] devices = {};

    SourceNode get(final long dev, final long ino) {
        for (final Device device : devices) {
            if (device.dev == dev) {
                return device.nodes.get(ino);
            }
        }
        return null;
    }

    /**
     * Makes a node the one of its device and inode number.
     *
     * @param expected the node that has them now, or null for none
     * @param node     the node
     * @return whether it was as expected and is changed
     */
    boolean put(final SourceNode expected, final SourceNode node) {
        final NonBlockingHashMapLong<SourceNode> nodes = nodes(node.dev);
        return expected == null ? nodes.putIfAbsent(node.ino, node) == null : nodes.replace(node.ino, expected, node);
    }

    /** Forgets a node, unless another one has its device and inode number by now. */
    void remove(final SourceNode node) {
        nodes(node.dev).remove(node.ino, (Object) node);
    }

    int size() {
        int size = 0;
        for (final Device device : devices) {
            size += device.nodes.size();
        }
        return size;
    }

    private NonBlockingHashMapLong<SourceNode> nodes(final long dev) {
        for (final Device device : devices) {
            if (device.dev == dev) {
                return device.nodes;
            }
        }
        return addDevice(dev);
    }

    private synchronized NonBlockingHashMapLong<SourceNode> addDevice(final long dev) {
        for (final Device device : devices) {
            if (device.dev == dev) {
                return device.nodes;
            }
        }
        final Device added = new Device(dev, new NonBlockingHashMapLong<>());
        final Device[] more = Arrays.copyOf(devices, devices.length + 1);
        more[more.length - 1] = added;
        devices = more;
        return added.nodes;
    }
}
