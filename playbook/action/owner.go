package action

import (
	"os"
	"syscall"
)

// fileOwner gives the number of the user who owns a controller file.
func fileOwner(info os.FileInfo) (int, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}
