package target

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// users reads the databases of the machine: the files first, and getent for
// names that come from elsewhere (LDAP, systemd). The files are read again
// when they changed, since modules change them while the runner lives.
type users struct {
	passwd table[User]
	group  table[Group]
}

func newUsers() *users {
	return &users{
		passwd: table[User]{file: "/etc/passwd", parse: parseUser},
		group:  table[Group]{file: "/etc/group", parse: parseGroup},
	}
}

// table is a database file as it was last read.
type table[T any] struct {
	file  string
	parse func([]string) (T, bool)

	mu   sync.Mutex
	seen os.FileInfo
	rows []T
}

// all gives the rows of the file; the slice is shared: read only.
func (t *table[T]) all() []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, err := os.Stat(t.file)
	if err != nil {
		return nil
	}
	if t.seen == nil || !os.SameFile(t.seen, now) || t.seen.Size() != now.Size() || !t.seen.ModTime().Equal(now.ModTime()) {
		t.rows, t.seen = list(t.file, t.parse), now
	}
	return t.rows
}

// User finds a user by name.
func (u *users) User(name string) (User, bool) {
	return find(&u.passwd, "passwd", name, func(x User) bool { return x.Name == name })
}

// UserID finds a user by number.
func (u *users) UserID(uid int) (User, bool) {
	return find(&u.passwd, "passwd", strconv.Itoa(uid), func(x User) bool { return x.UID == uid })
}

// Group finds a group by name.
func (u *users) Group(name string) (Group, bool) {
	return find(&u.group, "group", name, func(x Group) bool { return x.Name == name })
}

// GroupID finds a group by number.
func (u *users) GroupID(gid int) (Group, bool) {
	return find(&u.group, "group", strconv.Itoa(gid), func(x Group) bool { return x.GID == gid })
}

// AllUsers lists the users of the machine's own file.
func (u *users) AllUsers() []User { return slices.Clone(u.passwd.all()) }

// AllGroups lists the groups of the machine's own file.
func (u *users) AllGroups() []Group { return slices.Clone(u.group.all()) }

// Current gives the user this process runs as.
func (u *users) Current() User {
	if x, ok := u.UserID(os.Geteuid()); ok {
		return x
	}
	return User{Name: strconv.Itoa(os.Geteuid()), Home: os.Getenv("HOME"), UID: os.Geteuid(), GID: os.Getegid()}
}

func find[T any](t *table[T], database, key string, match func(T) bool) (T, bool) {
	for _, x := range t.all() {
		if match(x) {
			return x, true
		}
	}
	var zero T
	if key == "" || strings.HasPrefix(key, "-") {
		return zero, false
	}
	out, err := exec.Command("getent", database, key).Output()
	if err != nil {
		return zero, false
	}
	x, ok := t.parse(strings.Split(strings.TrimRight(string(out), "\n"), ":"))
	if !ok || !match(x) {
		return zero, false
	}
	return x, true
}

func list[T any](file string, parse func([]string) (T, bool)) []T {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	var all []T
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if x, ok := parse(strings.Split(sc.Text(), ":")); ok {
			all = append(all, x)
		}
	}
	return all
}

func parseUser(f []string) (User, bool) {
	if len(f) < 7 {
		return User{}, false
	}
	uid, err1 := strconv.Atoi(f[2])
	gid, err2 := strconv.Atoi(f[3])
	return User{Name: f[0], Password: f[1], UID: uid, GID: gid, Gecos: f[4], Home: f[5], Shell: f[6]}, err1 == nil && err2 == nil
}

func parseGroup(f []string) (Group, bool) {
	if len(f) < 4 {
		return Group{}, false
	}
	gid, err := strconv.Atoi(f[2])
	g := Group{Name: f[0], GID: gid}
	if f[3] != "" {
		g.Members = strings.Split(f[3], ",")
	}
	return g, err == nil
}
