package transport

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spareFiles is what drover needs besides one descriptor for each host.
const spareFiles = 128

// CheckFiles says beforehand when so many connections need more file
// descriptors than this process may have. (The soft limit is raised to the
// hard one when the program starts.)
func CheckFiles(connections int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil // there is none to be known
	}
	if need := uint64(connections + spareFiles); need > uint64(limit.Cur) {
		return fmt.Errorf("%d connections need %d file descriptors, but this shell allows %d: raise it with `ulimit -n %d`, or use serial in the play",
			connections, need, limit.Cur, need)
	}
	return nil
}
