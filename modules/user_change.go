package modules

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"drover/modules/target"
)

// create makes the user.
func (u *account) create(ctx context.Context) error {
	argv := []string{localTool(u.Local, "useradd")}
	add := func(option string, val string) { argv = append(argv, option, val) }
	if u.UID != nil {
		add("-u", strconv.Itoa(*u.UID))
		argv = append(argv, flags(u.NonUnique, "-o")...)
	}
	if u.SEUser != "" {
		add("-Z", u.SEUser)
	}
	if err := u.primaryGroup(&argv); err != nil {
		return err
	}
	groups, err := u.groupNames()
	if err != nil && !u.c.Check {
		return err
	}
	if len(groups) > 0 && !u.Local {
		add("-G", strings.Join(groups, ","))
	}
	if u.Comment != nil {
		add("-c", *u.Comment)
	}
	if u.Home != "" {
		add("-d", u.Home)
	}
	if u.Shell != "" {
		add("-s", u.Shell)
	}
	if u.Expires != nil && !u.Local {
		add("-e", expiryDate(*u.Expires))
	}
	if u.ExpireDisable != nil {
		add("-f", strconv.Itoa(*u.ExpireDisable))
	}
	argv = append(argv, u.homeOptions()...)
	if u.UIDMin != nil {
		add("-K", fmt.Sprintf("UID_MIN=%d", *u.UIDMin))
	}
	if u.UIDMax != nil {
		add("-K", fmt.Sprintf("UID_MAX=%d", *u.UIDMax))
	}
	if err := u.makeParents(); err != nil {
		return err
	}
	if err := u.tool(ctx, target.Cmd{Argv: append(argv, u.Name)}); err != nil {
		return err
	}
	u.res.Set("system", u.System).Set("create_home", u.CreateHome)
	if u.Local {
		if err := u.finishLocally(ctx, u.Expires, groups, nil); err != nil {
			return err
		}
	}
	if u.Password != nil {
		return u.setPassword(ctx)
	}
	return nil
}

func (u *account) primaryGroup(argv *[]string) error {
	if u.Group != "" {
		if _, ok := u.findGroup(u.Group); !ok && !u.c.Check { // a former task may make it, outside check mode
			return Failf("Group %s does not exist", u.Group)
		}
		*argv = append(*argv, "-g", u.Group)
	} else if _, ok := u.h.Users().Group(u.Name); ok {
		// The group of that name exists: make no other.
		*argv = append(*argv, flags(u.Local, "-n", !u.Local, "-N")...)
	}
	return nil
}

func (u *account) homeOptions() []string {
	options := []string{"-M"}
	if u.CreateHome {
		options = flags(!u.Local, "-m") // luseradd knows only -M
		if u.Skeleton != "" {
			options = append(options, "-k", u.Skeleton)
		}
		if u.Umask != "" {
			options = append(options, "-K", "UMASK="+u.Umask)
		}
	}
	return append(options, flags(u.System, "-r")...)
}

// makeParents makes the folders above a home that useradd expects to be there.
func (u *account) makeParents() error {
	if u.Home == "" || !u.CreateHome || u.c.Check {
		return nil
	}
	if err := u.h.MkdirAll(path.Dir(u.Home), 0o755); err != nil {
		return Failf("can't make %s: %w", path.Dir(u.Home), reason(err))
	}
	return nil
}

// expiryDate gives the day for useradd; "" means never.
func expiryDate(seconds float64) string {
	if seconds < 0 {
		return ""
	}
	return time.Unix(int64(seconds), 0).UTC().Format("2006-01-02")
}

// modify changes what differs.
func (u *account) modify(ctx context.Context) error {
	shadow := readShadow(u.h, u.Name)
	var options []string
	add := func(option, val string) { options = append(options, option, val) }
	if u.UID != nil && *u.UID != u.now.UID {
		add("-u", strconv.Itoa(*u.UID))
		options = append(options, flags(u.NonUnique, "-o")...)
	}
	if u.Group != "" {
		g, ok := u.findGroup(u.Group)
		if !ok {
			return Failf("Group %s does not exist", u.Group)
		}
		if g.GID != u.now.GID {
			add("-g", strconv.Itoa(g.GID))
		}
	}
	groups, err := u.groupChange()
	if err != nil {
		return err
	}
	if !u.Local {
		options = append(options, groups.options()...)
	}
	if u.Comment != nil && *u.Comment != u.now.Gecos {
		add("-c", *u.Comment)
	}
	if u.Home != "" && u.Home != u.now.Home {
		add("-d", u.Home)
		options = append(options, flags(u.MoveHome, "-m")...)
	}
	if u.Shell != "" && u.Shell != u.now.Shell {
		add("-s", u.Shell)
	}
	expires := u.Expires
	if expires != nil && shadow != (shadowEntry{}) && expiryDate(*expires) == shadow.expiryDate() {
		expires = nil
	}
	if expires != nil && !u.Local {
		add("-e", expiryDate(*expires))
	}
	if u.ExpireDisable != nil && strconv.Itoa(*u.ExpireDisable) != shadow.inactive {
		add("-f", strconv.Itoa(*u.ExpireDisable))
	}
	newPassword := u.UpdatePassword == "always" && u.Password != nil &&
		strings.TrimLeft(*u.Password, "!") != strings.TrimLeft(shadow.hash, "!")
	if !newPassword && u.PasswordLock != nil && *u.PasswordLock != strings.HasPrefix(shadow.hash, "!") {
		options = append(options, map[bool]string{true: "-L", false: "-U"}[*u.PasswordLock])
	}
	if len(options) > 0 {
		if err := u.tool(ctx, target.Cmd{Argv: append(append([]string{localTool(u.Local, "usermod")}, options...), u.Name)}); err != nil {
			return err
		}
	}
	if u.Local {
		if err := u.finishLocally(ctx, expires, groups.join, groups.leave); err != nil {
			return err
		}
	}
	u.res.Set("append", u.Append).Set("move_home", u.MoveHome)
	if newPassword {
		return u.setPassword(ctx)
	}
	return nil
}

// shadowEntry is a line of /etc/shadow.
type shadowEntry struct{ hash, min, max, warn, inactive, expire string }

func readShadow(h target.Host, name string) shadowEntry {
	data, _ := h.ReadFile("/etc/shadow")
	for _, line := range strings.Split(string(data), "\n") {
		if f := strings.Split(line, ":"); f[0] == name && len(f) >= 8 {
			return shadowEntry{hash: f[1], min: f[3], max: f[4], warn: f[5], inactive: f[6], expire: f[7]}
		}
	}
	return shadowEntry{}
}

// expiryDate gives the last day as usermod takes it, "" for never.
func (s shadowEntry) expiryDate() string {
	days, err := strconv.ParseInt(s.expire, 10, 64)
	if err != nil || days < 0 {
		return ""
	}
	return expiryDate(float64(days) * 86400)
}

// complete does what goes beyond the entry in passwd and tells how the user is.
func (u *account) complete(ctx context.Context) (*Result, error) {
	if !u.read() {
		return nil, Failf("failed to look up user name: %s", u.Name)
	}
	u.res.Set("uid", u.now.UID).Set("group", u.now.GID).Set("comment", u.now.Gecos)
	u.res.Set("home", u.now.Home).Set("shell", u.now.Shell)
	if u.Groups != nil {
		u.res.Set("groups", strings.Join(u.Groups, ","))
	}
	if u.Password != nil {
		u.res.Set("password", "NOT_LOGGING_PASSWORD")
	}
	for _, step := range []func(context.Context) error{u.home, u.sshKey, u.passwordAge} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return u.res, nil
}

// home makes a home folder that is missing, as useradd would have.
func (u *account) home(ctx context.Context) error {
	home := orText(u.Home, u.now.Home)
	if _, err := u.h.Stat(home); err == nil || !u.CreateHome {
		return nil
	}
	u.res.Changed = true
	if u.c.Check {
		return nil
	}
	if err := u.h.MkdirAll(path.Dir(home), 0o755); err != nil {
		return Failf("can't make %s: %w", path.Dir(home), reason(err))
	}
	skeleton := orText(u.Skeleton, "/etc/skel")
	if isDir(u.h, skeleton) {
		if _, err := mustRun(ctx, u.h, "cp", "-a", "--no-target-directory", "--", skeleton, home); err != nil {
			return err
		}
	} else if err := u.h.Mkdir(home, 0o755); err != nil {
		return Failf("can't make %s: %w", home, reason(err))
	}
	if err := u.h.Chmod(home, target.FileMode(0o777&^loginUmask(u.h))); err != nil {
		return Failf("can't set the mode of %s: %w", home, reason(err))
	}
	_, err := mustRun(ctx, u.h, "chown", "-R", "--no-dereference", fmt.Sprintf("%d:%d", u.now.UID, u.now.GID), "--", home)
	return err
}

// loginUmask is the umask that login.defs names for homes.
func loginUmask(h target.Host) uint32 {
	data, _ := h.ReadFile("/etc/login.defs")
	for _, line := range strings.Split(string(data), "\n") {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "UMASK" {
			if n, err := strconv.ParseUint(f[1], 8, 12); err == nil {
				return uint32(n)
			}
		}
	}
	return 0o022
}

// passwordAge sets the ages in /etc/shadow that differ.
func (u *account) passwordAge(ctx context.Context) error {
	s := readShadow(u.h, u.Name)
	argv := []string{"chage"}
	for _, age := range []struct {
		option, now string
		want        *int
	}{{"-m", s.min, u.ExpireMin}, {"-M", s.max, u.ExpireMax}, {"-W", s.warn, u.ExpireWarn}} {
		if age.want != nil && strconv.Itoa(*age.want) != age.now {
			argv = append(argv, age.option, strconv.Itoa(*age.want))
		}
	}
	if len(argv) == 1 {
		return nil
	}
	u.res.Changed = true
	if u.c.Check {
		return nil
	}
	_, err := u.quietly(ctx, target.Cmd{Argv: append(argv, u.Name)})
	return err
}
