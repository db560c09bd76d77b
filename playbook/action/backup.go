package action

import (
	"context"
	"os"
	"path/filepath"

	"drover/playbook/value"
)

// backup lets the module on the host do the work; with fetch it also takes
// the archive that the module sends.
func backup(ctx context.Context, t Task) (*value.Dict, error) {
	args := t.Args()
	if !truth(args, "fetch", false) || t.Check() {
		return t.Invoke(ctx, "drover.builtin.backup", args, nil)
	}
	dir := value.String(args.At("fetch_dest"))
	if args.At("fetch_dest") == value.None {
		dir = "backups"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(playbookDir(t), dir)
	}
	args.Put("_have", value.Strings(fileNames(filepath.Join(dir, t.Host()))...))
	in := &incoming{path: filepath.Join(dir, t.Host(), ".archive")}
	res, err := t.Invoke(ctx, "drover.builtin.backup", args, &InvokeOptions{Receive: in.open})
	if err != nil || value.Truth(res.At("failed")) || !value.Truth(res.At("sent")) {
		in.abort()
		return res, err
	}
	in.path = filepath.Join(dir, t.Host(), filepath.Base(value.String(res.At("archive"))))
	want := value.String(res.At("archive_checksum"))
	sum, _, err := in.commit(func(sum string) bool { return sum == want })
	if err != nil {
		return nil, err
	}
	if sum != want {
		return value.DictOf("failed", true, "msg", "the archive was damaged on its way: its checksum is not the one the host computed", "expected_checksum", want, "checksum", sum), nil
	}
	res.Put("fetched", value.Str(in.path))
	return res, nil
}

// fileNames lists what is in a folder of the controller.
func fileNames(dir string) []string {
	entries, _ := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}
