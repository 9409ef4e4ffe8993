package io.quire.engine.store;

/** The same where there are no file handles, as on many network and union filesystems: files are reopened by name. */
class DirectoryStoreByNameTest extends DirectoryStoreTest {
    @Override
    boolean handles() {
        return false;
    }
}
