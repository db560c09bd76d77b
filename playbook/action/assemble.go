package action

import (
	"context"
	"os"
	"strings"

	"drover/modules"
	"drover/playbook/value"
)

// assemble joins fragments on the controller and copies the result, unless
// the fragments are on the host (remote_src, which is the default).
func (c *copier) assemble(ctx context.Context, t Task) (*value.Dict, error) {
	args := t.Args()
	if args.At("src") == value.None || args.At("dest") == value.None {
		return nil, modules.Failf("src and dest are required")
	}
	const module = "ansible.builtin.assemble"
	if truth(args, "remote_src", true) {
		return t.Invoke(ctx, module, args, nil)
	}
	dir, err := t.Find("files", strings.TrimRight(value.String(args.At("src")), "/"))
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, modules.Failf("Source (%s) is not a directory", dir)
	}
	pick, err := modules.NewFragments(args)
	if err != nil {
		return nil, err
	}
	m := newManifest()
	data, err := pick.Join(dir, os.ReadDir, func(path string) ([]byte, error) {
		data, secret, err := t.ReadFile(path)
		m.secret = m.secret || secret
		return data, err
	})
	if err != nil {
		return nil, err
	}
	m.addData("", data, 0o644)
	return m.send(ctx, t, module, dir, args)
}
