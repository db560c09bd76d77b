package action

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"drover/modules"
	"drover/playbook/value"
)

// copier is the controller's half of the modules that send files. It
// remembers checksums for the run.
type copier struct{ sums sums }

// copy sends the copy module a list of the source's files with their
// checksums; the module asks for the contents of those that differ.
func (c *copier) copy(ctx context.Context, t Task) (*value.Dict, error) {
	args := t.Args()
	if err := checkCopy(args); err != nil {
		return nil, err
	}
	const module = "ansible.builtin.copy"
	if content := args.At("content"); content != value.None {
		return t.Invoke(ctx, module, args, quietIf(value.IsSecret(content)))
	}
	if truth(args, "remote_src", false) {
		return t.Invoke(ctx, module, args, nil)
	}
	src := value.String(args.At("src"))
	path, err := t.Find("files", strings.TrimRight(src, "/"))
	if err != nil {
		return nil, err
	}
	m, err := c.read(t, path, src, args)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(src, "/") {
		path += "/" // the module's result shows the difference
	}
	return m.send(ctx, t, module, path, args)
}

// has reports whether an argument was given.
func has(args *value.Dict, name string) bool {
	v := args.At(name)
	return v != value.None && v != value.Omit
}

// checkCopy words what Ansible's copy says about missing arguments.
func checkCopy(args *value.Dict) error {
	named := func(name string) bool { return has(args, name) && value.String(args.At(name)) != "" }
	switch {
	case !named("src") && !has(args, "content"):
		return modules.Failf("src (or content) is required")
	case !named("dest"):
		return modules.Failf("dest is required")
	case has(args, "src") && has(args, "content"):
		return modules.Failf("src and content are mutually exclusive")
	case has(args, "content") && strings.HasSuffix(value.String(args.At("dest")), "/"):
		return modules.Failf("can not use content with a dir as dest")
	}
	return nil
}

// read lists a file or folder of the controller and sets dest for a folder
// that is copied as a whole.
func (c *copier) read(t Task, path, src string, args *value.Dict) (*manifest, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	s := &localSource{t: t, sums: &c.sums, m: newManifest(), late: !has(args, "checksum"),
		decrypt: truth(args, "decrypt", true), follow: truth(args, "local_follow", true)}
	if !info.IsDir() {
		return s.m, s.file(path, "")
	}
	if !strings.HasSuffix(src, "/") {
		dest := strings.TrimRight(value.String(args.At("dest")), "/")
		args.Put("dest", value.Str(dest+"/"+filepath.Base(path)))
	}
	return s.m, s.tree(path, "", []fs.FileInfo{info})
}

// send calls a module with the manifest in place of src.
func (m *manifest) send(ctx context.Context, t Task, module, path string, args *value.Dict) (*value.Dict, error) {
	args.Delete(value.Str("src"))
	args.Put("_source", value.Str(path))
	args.Put("_manifest", m.entries)
	if m.large && !t.Registered() {
		args.Put("_no_md5", value.Bool(true)) // two fifths of the work, for a key that nobody reads
	}
	o := quietIf(m.secret)
	o.Blobs = m.blobs
	return t.Invoke(ctx, module, args, o)
}

// quietIf gives options under which a secret is not shown in a diff.
func quietIf(secret bool) *InvokeOptions {
	if secret {
		return &InvokeOptions{Diff: new(bool)}
	}
	return &InvokeOptions{}
}

// truth reads a boolean argument as modules do.
func truth(args *value.Dict, name string, unset bool) bool {
	v := args.At(name)
	if v == value.None || v == value.Omit {
		return unset
	}
	b, err := modules.Bool(v)
	return err == nil && b
}
