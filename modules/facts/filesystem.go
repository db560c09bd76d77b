package facts

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
)

// Size is how large and how full a file system is.
type Size target.FileSystem

// answering are the types of file systems that the kernel can always answer
// for: nothing beyond this host is behind them.
var answering = []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "overlay", "vfat", "squashfs", "iso9660", "f2fs"}

// FileSystemSize asks for the file system of that type mounted at a place; ok
// is false when ctx ended first or there is no answer. Where the answer may
// stay out for ever (a dead server), a program asks, and only that is blocked.
func FileSystemSize(ctx context.Context, host target.Host, mount, fstype string) (s Size, ok bool) {
	if slices.Contains(answering, fstype) {
		if f, err := host.FileSystem(mount); err == nil {
			return Size(f), true
		}
	}
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
