package modules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
	"drover/playbook/value"
)

type userArgs struct {
	Name           string   `arg:"name" alias:"user" required:"true" doc:"The user's name."`
	State          string   `arg:"state" default:"present" choices:"absent,present" doc:"Whether the user exists."`
	UID            *int     `arg:"uid" doc:"Number of the user."`
	NonUnique      bool     `arg:"non_unique" default:"false" doc:"Allow a number that another user has."`
	Group          string   `arg:"group" doc:"Primary group, by name or number; it must exist."`
	Groups         []string `arg:"groups" doc:"Further groups. Without append the user leaves all others; an empty list leaves all."`
	Append         bool     `arg:"append" default:"false" doc:"Only add groups."`
	Comment        *string  `arg:"comment" doc:"Full name or description."`
	Home           string   `arg:"home" type:"path" doc:"Home folder."`
	Shell          string   `arg:"shell" type:"path" doc:"Login shell."`
	Password       *string  `arg:"password" nolog:"true" doc:"The password's hash, as in /etc/shadow (see the filter password_hash). * or ! disables it."`
	UpdatePassword string   `arg:"update_password" default:"always" choices:"always,on_create" doc:"When to set the password."`
	PasswordLock   *bool    `arg:"password_lock" doc:"Make logging in with the password impossible, or possible again."`
	ExpireMax      *int     `arg:"password_expire_max" doc:"Days after which the password must be changed."`
	ExpireMin      *int     `arg:"password_expire_min" doc:"Days during which it cannot be changed."`
	ExpireWarn     *int     `arg:"password_expire_warn" doc:"Days of warning."`
	ExpireDisable  *int     `arg:"password_expire_account_disable" doc:"Days after the password's end when the account is disabled."`
	Expires        *float64 `arg:"expires" doc:"When the account ends, in seconds since 1970; negative for never."`
	LoginClass     string   `arg:"login_class" doc:"Without effect on Linux."`
	Hidden         *bool    `arg:"hidden" doc:"Without effect on Linux."`
	Profile        string   `arg:"profile" doc:"Without effect on Linux."`
	Authorization  string   `arg:"authorization" doc:"Without effect on Linux."`
	Role           string   `arg:"role" doc:"Without effect on Linux."`
	SEUser         string   `arg:"seuser" doc:"SELinux user, at creation."`
	Force          bool     `arg:"force" default:"false" doc:"With absent: remove even who is logged in. With generate_ssh_key: overwrite a key."`
	Remove         bool     `arg:"remove" default:"false" doc:"With absent: delete home and mail too."`
	CreateHome     bool     `arg:"create_home" alias:"createhome" default:"true" doc:"Make the home folder where it is missing."`
	Skeleton       string   `arg:"skeleton" doc:"Folder whose contents a new home gets."`
	Umask          string   `arg:"umask" doc:"Umask for a new home."`
	System         bool     `arg:"system" default:"false" doc:"Make a system user; no effect on one that exists."`
	MoveHome       bool     `arg:"move_home" default:"false" doc:"Move the home's contents when home changes."`
	Local          bool     `arg:"local" default:"false" doc:"Look only at /etc/passwd, not at directory services, and change it with the programs of libuser."`
	UIDMin         *int     `arg:"uid_min" doc:"Lowest number for a new user."`
	UIDMax         *int     `arg:"uid_max" doc:"Highest number for a new user."`
	GenerateKey    bool     `arg:"generate_ssh_key" default:"false" doc:"Make an SSH key for the user where there is none."`
	KeyBits        int      `arg:"ssh_key_bits" default:"0" doc:"Length of the key; 0 for ssh-keygen's choice."`
	KeyType        string   `arg:"ssh_key_type" default:"rsa" doc:"Kind of the key."`
	KeyFile        string   `arg:"ssh_key_file" type:"path" doc:"Where the key goes, relative to the home; .ssh/id_TYPE when not given."`
	KeyComment     string   `arg:"ssh_key_comment" doc:"Comment of the key; names the host when not given."`
	KeyPassphrase  *string  `arg:"ssh_key_passphrase" nolog:"true" doc:"Passphrase of the key; none when not given."`
}

// userModule makes users exist or not, with useradd, usermod and userdel.
// Password hashes go through chpasswd's standard input, never through argv.
func userModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.user",
		Summary: "Manage users",
		Doc:     "Makes a user exist with the given properties, or not exist. What is not given stays as it is.",
		Check:   CheckFull,
		Account: "name",
		Examples: "- name: A user who may log in with a password\n  ansible.builtin.user:\n    name: ada\n    groups: [sudo]\n    append: true\n    shell: /bin/bash\n" +
			"    password: \"{{ 'secret' | password_hash('sha512') }}\"\n",
		Returns: []Return{
			{"uid", "int", "when present", "The user's number."},
			{"group", "int", "when present", "Number of the primary group."},
			{"home", "str", "when present", "The home folder."},
			{"ssh_public_key", "str", "with generate_ssh_key", "The key's public half."},
		},
	}, runUser)
}

// account is one use of the module.
type account struct {
	*userArgs
	h   target.Host
	c   *Call
	res *Result
	now target.User // as it is
}

func runUser(ctx context.Context, h target.Host, c *Call, a *userArgs) (*Result, error) {
	u := &account{userArgs: a, h: h, c: c, res: &Result{}}
	u.res.Set("name", a.Name).Set("state", a.State)
	if a.Local && (a.Umask != "" || a.UIDMin != nil || a.UIDMax != nil) {
		return nil, Failf("umask, uid_min and uid_max can't be used with local: luseradd knows none of them")
	}
	u.checkHash()
	if a.Append && a.Groups == nil {
		u.res.Warnings = append(u.res.Warnings, "'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups.")
	}
	exists := u.read()
	var err error
	switch {
	case a.State == "absent" && !exists:
		return u.res, nil
	case a.State == "absent" && c.Check:
		return &Result{Changed: true}, nil
	case a.State == "absent":
		return u.remove(ctx)
	case !exists:
		err = u.create(ctx)
	default:
		err = u.modify(ctx)
	}
	if err != nil {
		return u.res, err
	}
	if u.c.Check && !exists {
		return &Result{Changed: true, Warnings: u.res.Warnings}, nil
	}
	return u.complete(ctx)
}

// read looks the user up.
func (u *account) read() (exists bool) {
	if u.Local {
		data, _ := u.h.ReadFile("/etc/passwd")
		if !strings.Contains("\n"+string(data), "\n"+u.Name+":") {
			return false
		}
	}
	u.now, exists = u.h.Users().User(u.Name)
	return exists
}

// tool runs one of the shadow programs and keeps what it says; in check mode it
// only counts as a change.
func (u *account) tool(ctx context.Context, cmd target.Cmd) error {
	u.res.Changed = true
	if u.c.Check {
		return nil
	}
	out, err := u.quietly(ctx, cmd)
	for key, text := range map[string]string{"stdout": out.Stdout, "stderr": out.Stderr} {
		if text != "" && err == nil {
			u.res.Set(key, text)
		}
	}
	return err
}

// quietly runs a program whose output is told only where it fails.
func (u *account) quietly(ctx context.Context, cmd target.Cmd) (toolOutput, error) {
	out, err := runToolWith(ctx, u.h, cmd)
	if err == nil && out.RC != 0 {
		err = FailWith(value.DictOf("name", u.Name, "rc", out.RC), "%s", orText(out.Stderr, fmt.Sprintf("%s failed with exit code %d", cmd.Argv[0], out.RC)))
	}
	return out, err
}

func (u *account) remove(ctx context.Context) (*Result, error) {
	argv := append([]string{localTool(u.Local, "userdel")}, flags(u.Force && !u.Local, "-f", u.Remove, "-r")...)
	if err := u.tool(ctx, target.Cmd{Argv: append(argv, u.Name)}); err != nil {
		return nil, err
	}
	u.res.Set("force", u.Force).Set("remove", u.Remove)
	return u.res, nil
}

// setPassword hands the hash over on standard input.
func (u *account) setPassword(ctx context.Context) error {
	hash := *u.Password
	if u.PasswordLock != nil && *u.PasswordLock {
		hash = "!" + strings.TrimPrefix(hash, "!")
	}
	if strings.ContainsAny(hash, "\n:") {
		return Failf("password must be a hash without line breaks and colons")
	}
	line := strings.NewReader(u.Name + ":" + hash + "\n")
	return u.tool(ctx, target.Cmd{Argv: []string{"chpasswd", "-e"}, Stdin: line})
}

var hashLengths = map[string]int{"1": 22, "5": 43, "6": 86, "y": 43}

// checkHash warns of a password that looks as if it was not hashed.
func (u *account) checkHash() {
	if u.Password == nil || *u.Password == "" || slices.Contains([]string{"*", "!", "*************"}, *u.Password) {
		return
	}
	fields := strings.Split(*u.Password, "$")
	good := len(fields) >= 3 && !strings.ContainsAny(*u.Password, ":*!")
	if good {
		last := fields[len(fields)-1]
		want, known := hashLengths[fields[1]]
		good = !notHashText.MatchString(last) && (!known || len(last) == want)
	}
	if !good {
		u.res.Warnings = append(u.res.Warnings, "The input password appears not to have been hashed. The 'password' argument must be encrypted for this module to work properly.")
	}
}

var notHashText = lazyre.New(`[^a-zA-Z0-9./=]`)

// groupNames gives the names of the wanted groups; all must exist.
func (u *account) groupNames() ([]string, error) {
	var names []string
	for _, g := range u.Groups {
		g = strings.TrimSpace(g)
		if g == "" {
			continue
		}
		group, ok := u.findGroup(g)
		if !ok {
			return nil, Failf("Group %s does not exist", g)
		}
		if !slices.Contains(names, group.Name) {
			names = append(names, group.Name)
		}
	}
	return names, nil
}

func (u *account) findGroup(name string) (target.Group, bool) {
	if id, ok := lookupID(name, func(string) (int, bool) { return 0, false }); ok {
		if g, ok := u.h.Users().GroupID(id); ok {
			return g, true
		}
	}
	return u.h.Users().Group(name)
}

// memberOf lists the groups that name the user as a member.
func (u *account) memberOf() []string {
	var names []string
	for _, g := range u.h.Users().AllGroups() {
		if slices.Contains(g.Members, u.Name) {
			names = append(names, g.Name)
		}
	}
	return names
}
