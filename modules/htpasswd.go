package modules

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"drover/modules/target"
)

type htpasswdArgs struct {
	Path     string `arg:"path" alias:"dest,destfile" type:"path" required:"true" doc:"The file of users and passwords."`
	Name     string `arg:"name" alias:"username" required:"true" doc:"The user."`
	Password string `arg:"password" nolog:"true" doc:"The user's password; needed for state present."`
	Scheme   string `arg:"hash_scheme" alias:"crypt_scheme" default:"apr_md5_crypt" doc:"How a new password is hashed: apr_md5_crypt, md5_crypt, sha256_crypt, sha512_crypt, bcrypt, des_crypt, ldap_sha1 or plaintext."`
	State    string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the user is in the file."`
	Create   bool   `arg:"create" default:"true" doc:"Make the file when it is missing."`
	FileArgs
}

// htpasswdModule keeps users in a password file of a web server.
func htpasswdModule() Module {
	return Define(Spec{
		Name:    "community.general.htpasswd",
		Summary: "Manage users in files for basic authentication",
		Doc: "Makes a user with a password be in a file that Apache, nginx and others read, or not be there. A password that fits its hash is left alone, whatever the scheme of that hash. Empty lines leave the file.\n" +
			"The host needs no passlib; only des_crypt takes Perl, which every Debian has.",
		Check:    CheckFull,
		Examples: "- community.general.htpasswd:\n    path: /etc/nginx/passwd\n    name: jane\n    password: \"{{ jane_password }}\"\n    owner: root\n    group: www-data\n    mode: '0640'\n",
		Returns:  []Return{{"msg", "str", "always", "What was done."}},
	}, runHtpasswd)
}

func runHtpasswd(ctx context.Context, h target.Host, c *Call, a *htpasswdArgs) (*Result, error) {
	data, err := h.ReadFile(a.Path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		return nil, Failf("can't read %s: %w", a.Path, reason(err))
	case missing && a.State == "absent":
		return &Result{Msg: a.Name + " not present", Warnings: []string{a.Path + " does not exist"}}, nil
	case missing && !a.Create:
		return nil, Failf("Destination %s does not exist", a.Path)
	}
	f := &passwordFile{htpasswdArgs: a, h: h, lines: nonEmptyLines(string(data))}
	text, msg, err := f.edit(ctx)
	if err != nil {
		return nil, err
	}
	res := &Result{Changed: msg.changed}
	if missing {
		msg.text = "Created " + a.Path + " and added " + a.Name
		if c.Check {
			msg.text = "Create " + a.Path
		}
	}
	if !c.Check && text != string(data) {
		if err := f.save(ctx, text, missing); err != nil {
			return nil, err
		}
	}
	changed, err := a.Apply(ctx, h, c, a.Path, nil)
	if err != nil {
		return nil, err
	}
	if changed {
		if res.Changed {
			msg.text += " and "
		}
		msg.text += "ownership, perms or SE linux context changed"
	}
	res.Changed, res.Msg = res.Changed || changed, msg.text
	return res, nil
}

// passwordFile is the file being edited.
type passwordFile struct {
	*htpasswdArgs
	h     target.Host
	lines []string
}

// passwordEdit says what an edit does.
type passwordEdit struct {
	text    string
	changed bool
}

func nonEmptyLines(text string) []string {
	return slices.DeleteFunc(splitLines(text), func(l string) bool { return strings.TrimSpace(l) == "" })
}

// edit gives the new text of the file.
func (f *passwordFile) edit(ctx context.Context) (text string, msg passwordEdit, err error) {
	at := slices.IndexFunc(f.lines, func(l string) bool { return strings.HasPrefix(l, f.Name+":") })
	if f.State == "absent" {
		msg = passwordEdit{f.Name + " not present", false}
		if at >= 0 {
			f.lines, msg = slices.Delete(f.lines, at, at+1), passwordEdit{"Remove " + f.Name, true}
		}
		return joinLines(f.lines), msg, nil
	}
	switch {
	case f.Password == "":
		return "", msg, Failf("password is needed to check or add user %s", f.Name)
	case strings.ContainsAny(f.Name, ":\r\n\t\x00") || len(f.Name) > 255:
		return "", msg, Failf("name %q can't be a user's: it may have no colon, no tab and no newline, and 255 bytes at most", f.Name)
	}
	if at >= 0 {
		_, hash, _ := strings.Cut(f.lines[at], ":")
		fits, err := passwordFits(ctx, f.h, f.Password, hash)
		if err != nil || fits {
			return joinLines(f.lines), passwordEdit{f.Name + " already present", false}, err
		}
	}
	hash, err := hashPassword(ctx, f.h, f.Scheme, f.Password)
	if err != nil {
		return "", msg, err
	}
	if line := f.Name + ":" + hash; at >= 0 {
		f.lines[at] = line
	} else {
		f.lines = append(f.lines, line)
	}
	return joinLines(f.lines), passwordEdit{"Add/update " + f.Name, true}, nil
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func (f *passwordFile) save(ctx context.Context, text string, missing bool) error {
	if dir := filepath.Dir(f.Path); missing && !isDir(f.h, dir) {
		if err := f.h.MkdirAll(dir, 0o755); err != nil {
			return Failf("can't make the folder %s: %w", dir, reason(err))
		}
	}
	w := writing{Path: followLink(f.h, f.Path), Unsafe: f.inPlace(f.h)}
	return w.writeBytes(ctx, f.h, []byte(text))
}
