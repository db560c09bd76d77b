package action

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"drover/playbook/value"
)

// vars gives the variables that only templates have. The times are templates,
// so that they are datetime objects where a template asks for them.
func (a *templateArgs) vars(t Task, path string, info os.FileInfo) *value.Dict {
	host, _ := os.Hostname()
	full, err := filepath.Abs(path)
	if err != nil {
		full = path
	}
	const stamp = "2006-01-02 15:04:05.000000"
	d := value.DictOf(
		"template_host", host, "template_path", a.Src, "template_fullpath", full,
		"template_destpath", a.Dest, "template_uid", ownerOf(info),
		"template_mtime", &value.Template{Src: "{{ '" + info.ModTime().Format(stamp) + "' | to_datetime('%Y-%m-%d %H:%M:%S.%f') }}"},
		"template_run_date", &value.Template{Src: "{{ now() }}"})
	if set, err := t.Jinja().Expr("ansible_managed is defined", t.Pos()); err != nil || !value.Truth(set) {
		d.Put("ansible_managed", managed(t, info.ModTime()))
	}
	return d
}

// ownerOf gives the name of a file's owner, or the number.
func ownerOf(info os.FileInfo) string {
	uid, ok := fileOwner(info)
	if !ok {
		return ""
	}
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// managedNames are what the setting ansible_managed may name in braces.
var managedNames = strings.NewReplacer(
	"{{", "{", "}}", "}",
	"{host}", "{{ template_host }}", "{uid}", "{{ template_uid }}", "{file}", "{{ template_path }}")

// managed gives the variable ansible_managed as the setting of that name has
// it: names in braces, and the time of the template's last change in the letters
// of strftime.
func managed(t Task, changed time.Time) value.Value {
	const usual = value.Str("Ansible managed")
	set, err := t.Jinja().Expr("lookup('config', 'DEFAULT_MANAGED_STR')", t.Pos())
	text, ok := value.AsString(set)
	if err != nil || !ok {
		return usual
	}
	if strings.Contains(text, "%") {
		dated, err := t.With(value.DictOf("managed", text, "changed", changed.Unix())).Expr("managed | strftime(changed)", t.Pos())
		if err != nil {
			return usual
		}
		text = value.String(dated)
	}
	if !strings.Contains(text, "{") {
		return value.Str(text)
	}
	return &value.Template{Src: managedNames.Replace(text)}
}
