#pragma once
// The same switch for what does not write by RocksDB's file system: the log of events.

#include "failing_disk.hpp"

namespace capstan::test {

/// Of all writing to files in a folder `events`, in this process.
void disk_of_events_becomes(disk state);

/// What can fail by itself there, with which error; 0: nothing does.
void syncs_of_the_folder_fail(int with);
void writes_of_the_page_that_leads_to_the_others_fail(int with);

} // namespace capstan::test
