package modules

import (
	"context"
	"io/fs"
	"strconv"

	"drover/modules/target"
)

// SetPathInfo adds what every file module tells about the path it left
// behind: owner, group, mode, size and state.
func (r *Result) SetPathInfo(ctx context.Context, h target.Host, path string) *Result {
	info, err := h.Lstat(path)
	if err != nil {
		return r.Set("state", "absent")
	}
	r.Set("uid", info.UID).Set("gid", info.GID)
	r.Set("owner", userName(h, info.UID)).Set("group", groupName(h, info.GID))
	r.Set("mode", modeText(info.Perm())).Set("state", stateOf(info)).Set("size", info.Size)
	if c := secontext(ctx, h, path); c != nil {
		r.Set("secontext", c)
	}
	return r
}

// stateOf names the kind of a file as the file module's state does.
func stateOf(info *target.Info) string {
	switch {
	case info.Mode&fs.ModeSymlink != 0:
		return "link"
	case info.IsDir():
		return "directory"
	case info.Nlink > 1:
		return "hard"
	}
	return "file"
}

// userName gives the name of a user, or the number of an unknown one.
func userName(h target.Host, uid int) string {
	if u, ok := h.Users().UserID(uid); ok {
		return u.Name
	}
	return strconv.Itoa(uid)
}

// groupName gives the name of a group, or the number of an unknown one.
func groupName(h target.Host, gid int) string {
	if g, ok := h.Users().GroupID(gid); ok {
		return g.Name
	}
	return strconv.Itoa(gid)
}
