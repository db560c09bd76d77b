package modules

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// FileArgs are the arguments that every module which writes files has. Embed
// it in the argument struct and call Apply after the contents are right.
type FileArgs struct {
	Mode         value.Value `arg:"mode" type:"raw" doc:"Permissions, as an octal number in quotes ('0644') or in chmod's symbolic form (u=rw,g=r,o=)."`
	Owner        string      `arg:"owner" doc:"User, by name or number, who shall own it."`
	Group        string      `arg:"group" doc:"Group, by name or number, that shall own it."`
	SEUser       string      `arg:"seuser" doc:"User part of the SELinux context."`
	SERole       string      `arg:"serole" doc:"Role part of the SELinux context."`
	SEType       string      `arg:"setype" doc:"Type part of the SELinux context."`
	SELevel      string      `arg:"selevel" doc:"Level part of the SELinux context."`
	Attributes   string      `arg:"attributes" alias:"attr" doc:"Flags as chattr takes them: +i adds, -i removes, =i or i sets exactly these."`
	UnsafeWrites *bool       `arg:"unsafe_writes" doc:"Write in place where the file can't be replaced at once (a mounted file). Readers may see half of it."`
}

// Apply makes owner, group, mode, SELinux context and attributes of path true
// and reports whether that is (or, in check mode, would be) a change. The
// properties that differ go to d, which may be nil.
func (f *FileArgs) Apply(ctx context.Context, h target.Host, c *Call, path string, d *Properties) (bool, error) {
	if !f.wanted() {
		return false, nil
	}
	info, err := h.Lstat(path)
	if err != nil {
		if c.Check {
			return true, nil // it would have been made by now
		}
		return false, Failf("can't read the properties of %s: %w", path, err)
	}
	a := &applying{h: h, path: path, info: info, dry: c.Check, diff: d}
	changed := false
	for _, step := range []func(context.Context, *applying) (bool, error){f.applyContext, f.applyOwner, f.applyMode, f.applyAttributes} {
		done, err := step(ctx, a)
		if err != nil {
			return changed, ofPath(err, path)
		}
		changed = changed || done
	}
	return changed, nil
}

// ofPath adds to a failure the path it is about.
func ofPath(err error, path string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Data == nil {
		e.Data = value.NewDict(8)
	}
	if _, ok := e.Data.Lookup("path"); !ok {
		e.Data.Put("path", value.Str(path))
	}
	return err
}

// wanted reports whether anything was asked for, which spares a stat.
func (f *FileArgs) wanted() bool {
	return f.Mode != nil || f.Owner != "" || f.Group != "" || f.Attributes != "" || f.context() != [4]string{}
}

// Properties collects what differs, for the diff.
type Properties struct{ Before, After value.Dict }

func (p *Properties) put(key string, before, after any) {
	if p != nil {
		p.Before.Put(key, value.FromGo(before))
		p.After.Put(key, value.FromGo(after))
	}
}

func (p *Properties) drop(key string) {
	p.Before.Delete(value.Str(key))
	p.After.Delete(value.Str(key))
}

// Diff gives the differences, none when nothing was collected.
func (p *Properties) Diff(header string) []Diff {
	if p.After.Len() == 0 {
		return nil
	}
	return []Diff{{BeforeHeader: header, AfterHeader: header, BeforeState: &p.Before, AfterState: &p.After}}
}

// applying is one path on which properties are being made true.
type applying struct {
	h    target.Host
	path string
	info *target.Info
	dry  bool
	diff *Properties
}

func (f *FileArgs) applyOwner(_ context.Context, a *applying) (bool, error) {
	uid, gid := -1, -1
	if f.Owner != "" {
		id, ok := lookupID(f.Owner, func(n string) (int, bool) { u, ok := a.h.Users().User(n); return u.UID, ok })
		switch {
		case !ok:
			return false, Failf("chown failed: failed to look up user %s", f.Owner)
		case id != a.info.UID:
			uid = id
			a.diff.put("owner", a.info.UID, id)
		}
	}
	if f.Group != "" {
		id, ok := lookupID(f.Group, func(n string) (int, bool) { g, ok := a.h.Users().Group(n); return g.GID, ok })
		switch {
		case !ok:
			return false, Failf("chgrp failed: failed to look up group %s", f.Group)
		case id != a.info.GID:
			gid = id
			a.diff.put("group", a.info.GID, id)
		}
	}
	if uid < 0 && gid < 0 {
		return false, nil
	}
	return true, a.chown(uid, gid)
}

func (a *applying) chown(uid, gid int) error {
	if a.dry {
		return nil
	}
	if err := a.h.Lchown(a.path, uid, gid); err != nil {
		return Failf("chown failed on %s: %w", a.path, reason(err))
	}
	// Changing the owner clears set-user-ID; the mode step must see that.
	if info, err := a.h.Lstat(a.path); err == nil {
		*a.info = *info
	}
	return nil
}

// lookupID reads a number or looks a name up.
func lookupID(s string, byName func(string) (int, bool)) (int, bool) {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return n, true
	}
	return byName(s)
}

func (f *FileArgs) applyMode(_ context.Context, a *applying) (bool, error) {
	if f.Mode == nil || a.info.Mode&fs.ModeSymlink != 0 {
		return false, nil // a link has no permissions of its own
	}
	want, err := ParseMode(f.Mode, a.info.Perm(), a.info.IsDir(), func() uint32 { return umask(a.h) })
	if err != nil {
		return false, err
	}
	if want == a.info.Perm() {
		return false, nil
	}
	a.diff.put("mode", modeText(a.info.Perm()), modeText(want))
	if a.dry {
		return true, nil
	}
	if err := a.h.Chmod(a.path, target.FileMode(want)); err != nil {
		return false, Failf("chmod failed on %s: %w", a.path, reason(err))
	}
	return true, nil
}

func (f *FileArgs) applyAttributes(_ context.Context, a *applying) (bool, error) {
	if f.Attributes == "" {
		return false, nil
	}
	now, err := a.h.Attributes(a.path)
	if err != nil {
		return false, Failf("can't read the attributes of %s: %w", a.path, reason(err))
	}
	want := changeLetters(now, f.Attributes)
	if want == sortLetters(now) {
		return false, nil
	}
	a.diff.put("attributes", now, f.Attributes)
	if a.dry {
		return true, nil
	}
	if err := a.h.SetAttributes(a.path, want); err != nil {
		return false, Failf("chattr failed: %w", err)
	}
	return true, nil
}

// changeLetters applies +x, -x, =x or a bare x to a set of letters.
func changeLetters(now, change string) string {
	op, letters := change[0], change[1:]
	if !strings.ContainsRune("+-=", rune(op)) {
		op, letters = '=', change
	}
	keep := now
	switch op {
	case '=':
		// e (extents) can't be switched off, so it is no part of the choice.
		keep = strings.Map(func(r rune) rune { return map[bool]rune{true: r, false: -1}[r == 'e'] }, now)
	case '-':
		keep = strings.Map(func(r rune) rune { return map[bool]rune{true: -1, false: r}[strings.ContainsRune(letters, r)] }, now)
		letters = ""
	}
	return sortLetters(keep + letters)
}

func sortLetters(s string) string {
	b := []byte(s)
	slices.Sort(b)
	return string(slices.Compact(b))
}

func (f *FileArgs) context() [4]string {
	return [4]string{f.SEUser, f.SERole, f.SEType, f.SELevel}
}

// applyContext runs chcon where SELinux is on; elsewhere a context means
// nothing and is no change.
func (f *FileArgs) applyContext(ctx context.Context, a *applying) (bool, error) {
	want := f.context()
	if want == [4]string{} {
		return false, nil
	}
	now := secontext(ctx, a.h, a.path)
	if now == nil {
		return false, nil
	}
	argv := []string{"chcon", "-h"}
	for i, flag := range []string{"-u", "-r", "-t", "-l"} {
		if want[i] != "" && want[i] != "_default" && want[i] != now[i] {
			argv = append(argv, flag, want[i])
		}
	}
	if len(argv) == 2 {
		return false, nil
	}
	a.diff.put("secontext", strings.Join(now, ":"), strings.Join(want[:], ":"))
	if a.dry {
		return true, nil
	}
	out, err := a.h.Run(ctx, target.Cmd{Argv: append(argv, "--", a.path)})
	if err != nil {
		return false, Failf("set selinux context failed: %w", err)
	}
	if out.RC != 0 {
		return false, Failf("set selinux context failed: %s", strings.TrimSpace(string(out.Stderr)))
	}
	return true, nil
}

// secontext gives the four parts of a path's SELinux context, nil without SELinux.
func secontext(ctx context.Context, h target.Host, path string) []string {
	if _, err := h.Stat("/sys/fs/selinux/enforce"); err != nil {
		return nil
	}
	out, err := h.Run(ctx, target.Cmd{Argv: []string{"stat", "-c", "%C", "--", path}})
	if err != nil || out.RC != 0 {
		return nil
	}
	parts := strings.SplitN(strings.TrimSpace(string(out.Stdout)), ":", 4)
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	return parts
}

// inPlace reports whether files may be written in place: as the task says, else
// as the host's environment does with ANSIBLE_UNSAFE_WRITES.
func (a *FileArgs) inPlace(h target.Host) bool {
	if a.UnsafeWrites != nil {
		return *a.UnsafeWrites
	}
	allowed, err := Bool(value.Str(h.Getenv("ANSIBLE_UNSAFE_WRITES")))
	return err == nil && allowed
}
