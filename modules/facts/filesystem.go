package facts

import (
	"context"
	"strings"

	"drover/modules/target"
)

// Size is how large and how full a file system is, in the words of statvfs(3).
type Size struct {
	Fragment, BlockSize     int64 // bytes
	Blocks, Free, Available int64 // in fragments; Available is for users
	Inodes, InodesFree      int64
}

// FileSystemSize asks for the file system mounted at a place. It asks through
// a program of its own so that a file system that never answers blocks only
// that program; ok is false when ctx ended first or there is no answer.
func FileSystemSize(ctx context.Context, host target.Host, mount string) (s Size, ok bool) {
	out, err := host.Run(ctx, target.Cmd{Argv: []string{"stat", "-f", "-c", "%S %s %b %f %a %c %d", "--", mount}})
	if err != nil || out.RC != 0 {
		return s, false
	}
	fields := strings.Fields(string(out.Stdout))
	into := []*int64{&s.Fragment, &s.BlockSize, &s.Blocks, &s.Free, &s.Available, &s.Inodes, &s.InodesFree}
	if len(fields) != len(into) {
		return s, false
	}
	for i, f := range fields {
		if *into[i], ok = number(f); !ok {
			return s, false
		}
	}
	return s, true
}
