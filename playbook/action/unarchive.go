package action

import (
	"context"
	"strings"

	"drover/modules"
	"drover/playbook/value"
)

// unarchive sends an archive of the controller along with the call; the
// module reads it as a stream.
func (c *copier) unarchive(ctx context.Context, t Task) (*value.Dict, error) {
	args := t.Args()
	if args.At("src") == value.None || args.At("dest") == value.None {
		return nil, modules.Failf("src and dest are required")
	}
	const module = "ansible.builtin.unarchive"
	src := value.String(args.At("src"))
	if truth(args, "remote_src", false) || strings.Contains(src, "://") || !truth(args, "copy", true) {
		args.Put("remote_src", value.Bool(true))
		return t.Invoke(ctx, module, args, nil)
	}
	path, err := t.Find("files", src)
	if err != nil {
		return nil, err
	}
	s := &localSource{t: t, sums: &c.sums, m: newManifest(), decrypt: truth(args, "decrypt", true)}
	if err := s.file(path, ""); err != nil {
		return nil, err
	}
	return s.m.send(ctx, t, module, path, args)
}
