package modules

import (
	"context"
	"io/fs"
	"strconv"

	"drover/modules/target"
	"drover/playbook/value"
)

// addPathInfo adds to a result, or to a failure's keys, what every module of
// Ansible tells about the path (or dest) that its result names: owner, group,
// mode, size and state of what is there now. A path that is missing, or a link
// that leads nowhere, has none.
func addPathInfo(ctx context.Context, h target.Host, data *value.Dict) {
	path, ok := value.AsString(data.At("path"))
	if !ok {
		path, ok = value.AsString(data.At("dest"))
	}
	if !ok || path == "" {
		return
	}
	if _, err := h.Stat(path); err != nil {
		return
	}
	info, err := h.Lstat(path)
	if err != nil {
		return
	}
	for _, kv := range []struct {
		key string
		v   any
	}{
		{"uid", info.UID}, {"gid", info.GID},
		{"owner", userName(h, info.UID)}, {"group", groupName(h, info.GID)},
		{"mode", modeText(info.Perm())}, {"state", stateOf(info)}, {"size", info.Size},
	} {
		data.Put(kv.key, value.FromGo(kv.v))
	}
	if c := secontext(ctx, h, path); c != nil {
		data.Put("secontext", value.Strings(c...))
	}
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
