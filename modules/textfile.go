package modules

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// editArgs are the arguments of the modules that edit a text file.
type editArgs struct {
	Backup   bool   `arg:"backup" default:"false" doc:"Keep the former file under a name with the time."`
	Validate string `arg:"validate" doc:"Command that must accept the new file, named by %s, before it takes its place."`
	FileArgs
}

// textFile is a file being edited.
type textFile struct {
	path   string
	exists bool
	text   string
	// both: a diff tells contents and properties apart even where only one of
	// them, or neither, differs.
	both bool
}

// openText reads the file to edit. A missing file is an error, which calls it
// by word, unless missingOK.
func openText(h target.Host, word, path string, missingOK bool) (*textFile, error) {
	data, err := h.ReadFile(path)
	switch {
	case err == nil:
		return &textFile{path: path, exists: true, text: string(data)}, nil
	case isDir(h, path):
		return nil, FailWith(value.DictOf("rc", 256), "Path %s is a directory !", path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, Failf("can't read %s: %w", path, reason(err))
	case missingOK:
		return &textFile{path: path}, nil
	}
	return nil, FailWith(value.DictOf("rc", 257), "%s %s does not exist !", word, path)
}

// finish reports the edit and, outside check mode, writes it and sets the
// properties of the file. msg says what was done to the text, "" nothing.
func (t *textFile) finish(ctx context.Context, h target.Host, c *Call, a *editArgs, text, msg string) (*Result, error) {
	r := &Result{Changed: msg != ""}
	if c.Diff && (r.Changed || t.both) {
		d := textDiff([]byte(t.text), []byte(text), t.path+" (content)", t.path+" (content)")
		r.Diff = append(r.Diff, d)
	}
	backup := ""
	if r.Changed && !c.Check {
		var err error
		if backup, err = t.save(ctx, h, a, text); err != nil {
			return nil, err
		}
	}
	if !t.exists && c.Check {
		return r.Set("msg", msg), nil
	}
	props := new(Properties)
	changed, err := a.Apply(ctx, h, c, t.path, props)
	if err != nil {
		return nil, err
	}
	if changed {
		if r.Changed {
			msg += " and "
		}
		msg += "ownership, perms or SE linux context changed"
		r.Changed = true
	}
	if c.Diff {
		r.Diff = append(r.Diff, t.propertiesDiff(props)...)
	}
	if backup != "" {
		r.Set("backup_file", backup)
	}
	return r.Set("msg", msg), nil
}

func (t *textFile) propertiesDiff(props *Properties) []Diff {
	header := t.path + " (file attributes)"
	d := props.Diff(header)
	if d == nil && t.both {
		d = []Diff{{BeforeHeader: header, AfterHeader: header, NoText: true}}
	}
	return d
}

// save writes the text through links, making the folder when it is missing.
func (t *textFile) save(ctx context.Context, h target.Host, a *editArgs, text string) (backup string, err error) {
	path := followLink(h, t.path)
	if t.exists && a.Backup {
		if backup, err = backupFile(h, t.path); err != nil {
			return "", err
		}
	}
	if dir := filepath.Dir(path); !t.exists && !isDir(h, dir) {
		if err := h.MkdirAll(dir, 0o755); err != nil {
			return "", Failf("Error creating %s (%w)", dir, reason(err))
		}
	}
	w := writing{Path: path, Validate: a.Validate, Unsafe: a.inPlace(h)}
	return backup, w.writeBytes(ctx, h, []byte(text))
}

// keepEnds splits text into lines that keep their ends, at \n, \r\n and \r.
func keepEnds(s string) []string {
	var lines []string
	for s != "" {
		i := strings.IndexAny(s, "\r\n")
		if i < 0 {
			break
		}
		if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			i++
		}
		lines = append(lines, s[:i+1])
		s = s[i+1:]
	}
	if s != "" {
		lines = append(lines, s)
	}
	return lines
}

// trimEnd cuts the end of a line.
func trimEnd(s string) string { return strings.TrimRight(s, "\r\n") }

// endLine gives a line a newline when it has no end.
func endLine(s string) string {
	if strings.HasSuffix(s, "\n") || strings.HasSuffix(s, "\r") {
		return s
	}
	return s + "\n"
}
