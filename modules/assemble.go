package modules

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"io/fs"
	"path/filepath"
	"strings"

	"drover/modules/target"
	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

type assembleArgs struct {
	Src          string `arg:"src" type:"path" doc:"Folder with the fragments."`
	Dest         string `arg:"dest" type:"path" required:"true" doc:"The file to make of them."`
	Backup       bool   `arg:"backup" default:"false" doc:"Keep the file that is replaced under a name with the time."`
	Delimiter    string `arg:"delimiter" doc:"Text between fragments; \\n is a newline."`
	RemoteSrc    bool   `arg:"remote_src" default:"true" doc:"The fragments are on the host; no means on the controller."`
	Regexp       string `arg:"regexp" doc:"Take only fragments whose name this expression finds."`
	IgnoreHidden bool   `arg:"ignore_hidden" default:"false" doc:"Leave out fragments whose name begins with a dot."`
	Validate     string `arg:"validate" doc:"Command that must accept the new file, named by %s, before it takes its place."`
	Decrypt      bool   `arg:"decrypt" default:"true" doc:"Decrypt vaulted fragments of the controller."`
	FileArgs
	Source   string      `arg:"_source" hidden:"true"`
	Manifest []copyEntry `arg:"_manifest" hidden:"true"`
}

// assembleModule makes a file equal to fragments joined in the order of their
// names.
func assembleModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.assemble",
		Summary:  "Make a file of fragments",
		Doc:      "Joins the files of a folder, sorted by name, into one file: for configurations that several parties contribute to but that know no conf.d.",
		Check:    CheckFull,
		Diff:     true,
		Examples: "- ansible.builtin.assemble:\n    src: /etc/app/fragments\n    dest: /etc/app/app.conf\n    delimiter: '### START FRAGMENT ###'\n",
		Returns: []Return{
			{"dest", "str", "success", "The file."},
			{"checksum", "str", "success", "SHA-1 of its contents."},
			{"backup_file", "str", "changed, with backup", "Where the former file is kept."},
		},
	}, runAssemble)
}

func runAssemble(ctx context.Context, h target.Host, c *Call, a *assembleArgs) (*Result, error) {
	data, err := a.joined(ctx, h, c)
	if err != nil {
		return nil, err
	}
	if isDir(h, a.Dest) {
		return nil, Failf("attempted to take checksum of directory: %s", a.Dest)
	}
	args := &copyArgs{Content: value.Str(data), Dest: a.Dest, Backup: a.Backup, Force: true, Validate: a.Validate, FileArgs: a.FileArgs}
	src, err := args.contentSource()
	if err != nil {
		return nil, err
	}
	old, _ := h.ReadFile(a.Dest)
	cp := &copier{h: h, c: c, a: args, src: src}
	done, err := cp.file(ctx, &src.entries[0], a.Dest)
	if err != nil {
		return nil, err
	}
	r := &cp.res
	if r.DiffList = false; a.Manifest == nil {
		r.Msg = "OK"
	}
	if c.Diff && a.Manifest != nil && len(r.Diff) == 0 {
		r.Diff = []Diff{textDiff(old, data, a.Dest, a.Source)} // the controller's half shows it in any case
	}
	sum := md5.Sum(data)
	r.Set("src", cmp.Or(a.Source, a.Src)).Set("dest", done.dest)
	cp.setSums(&src.entries[0], hex.EncodeToString(sum[:]))
	return r, nil
}

// joined gives the fragments in one: from the host, or as the controller's
// half sent them.
func (a *assembleArgs) joined(ctx context.Context, h target.Host, c *Call) ([]byte, error) {
	if len(a.Manifest) == 1 {
		src, err := (&copyArgs{Source: a.Source, Manifest: a.Manifest}).controllerSource(c)
		if err != nil {
			return nil, err
		}
		return src.read(ctx, &a.Manifest[0])
	}
	if !isDir(h, a.Src) {
		if _, err := h.Stat(a.Src); err != nil {
			return nil, Failf("Source (%s) does not exist", a.Src)
		}
		return nil, Failf("Source (%s) is not a directory", a.Src)
	}
	frags, err := a.fragments()
	if err != nil {
		return nil, err
	}
	return frags.Join(a.Src, h.ReadDir, h.ReadFile)
}

// Fragments says which files of a folder are joined, and with what between.
type Fragments struct {
	delimiter    []byte
	pattern      *pyre.Regexp
	ignoreHidden bool
}

// NewFragments reads the arguments of assemble, for the controller's half.
func NewFragments(args *value.Dict) (*Fragments, error) {
	var a assembleArgs
	m, _ := Lookup("ansible.builtin.assemble")
	if err := Decode(m.Spec(), args, &a); err != nil {
		return nil, err
	}
	return a.fragments()
}

func (a *assembleArgs) fragments() (*Fragments, error) {
	f := &Fragments{ignoreHidden: a.IgnoreHidden}
	if a.Delimiter != "" {
		text := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(a.Delimiter)
		f.delimiter = []byte(endLine(text))
	}
	if a.Regexp != "" {
		re, err := compileArg("regexp", a.Regexp)
		if err != nil {
			return nil, err
		}
		f.pattern = re
	}
	return f, nil
}

// Join gives the joined fragments of a folder.
func (f *Fragments) Join(dir string, list func(string) ([]fs.DirEntry, error), read func(string) ([]byte, error)) ([]byte, error) {
	entries, err := list(dir)
	if err != nil {
		return nil, Failf("can't list the fragments in %s: %w", dir, reason(err))
	}
	var out bytes.Buffer
	first, open := true, false
	for _, e := range entries {
		if ok, err := f.takes(e); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		data, err := read(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, Failf("can't read the fragment %s: %w", filepath.Join(dir, e.Name()), reason(err))
		}
		if open {
			out.WriteByte('\n')
		}
		if !first {
			out.Write(f.delimiter)
		}
		out.Write(data)
		// A fragment without a newline at its end does not swallow the next.
		first, open = false, !bytes.HasSuffix(data, []byte("\n"))
	}
	return out.Bytes(), nil
}

func (f *Fragments) takes(e fs.DirEntry) (bool, error) {
	if e.IsDir() || f.ignoreHidden && strings.HasPrefix(e.Name(), ".") {
		return false, nil
	}
	if f.pattern == nil {
		return true, nil
	}
	m, err := f.pattern.Search(e.Name())
	return m != nil, err
}
