package modules

import (
	"fmt"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// ParseMode gives the twelve permission bits that a mode argument asks for: a
// number as it is, text of octal digits, or chmod's symbolic form applied to
// the bits that are there. umask is asked only where a symbolic form names
// nobody ("+x").
func ParseMode(v value.Value, now uint32, isDir bool, umask func() uint32) (uint32, error) {
	if n, ok := v.(value.Int); ok {
		return checkMode(int64(n))
	}
	s := strings.TrimSpace(value.String(v))
	if n, err := strconv.ParseInt(strings.TrimPrefix(s, "0o"), 8, 64); err == nil {
		return checkMode(n)
	}
	for clause := range strings.SplitSeq(s, ",") {
		var err error
		if now, err = symbolic(clause, now, isDir, umask); err != nil {
			return 0, FailWith(value.DictOf("details", err.Error()), "mode must be in octal or symbolic form")
		}
	}
	return now, nil
}

func checkMode(n int64) (uint32, error) {
	if n < 0 || n > 0o7777 {
		return 0, Failf("Invalid mode supplied, only permission info is allowed: %o (write it as '0644', quoted)", n)
	}
	return uint32(n), nil
}

// shifts place a class's three bits; specials are its bit beyond them, which s
// means for user and group and t for the others.
var (
	shifts   = map[byte]uint{'u': 6, 'g': 3, 'o': 0}
	specials = map[byte]uint32{'u': 0o4000, 'g': 0o2000, 'o': 0o1000}
)

// symbolic applies one clause such as ug+rwX or o=g or u=rw+s.
func symbolic(clause string, mode uint32, isDir bool, umask func() uint32) (uint32, error) {
	i := strings.IndexAny(clause, "+-=")
	if i < 0 || clause[:i] != "a" && strings.Trim(clause[:i], "ugo") != "" {
		return 0, fmt.Errorf("bad symbolic permission for mode: %s", clause)
	}
	who, mask := clause[:i], uint32(0)
	if who == "" {
		who, mask = "a", umask()
	}
	if who == "a" {
		who = "ugo"
	}
	original := mode
	for rest := clause[i:]; rest != ""; {
		op := rest[0]
		end := strings.IndexAny(rest[1:], "+-=") + 1
		if end == 0 {
			end = len(rest)
		}
		perms := rest[1:end]
		rest = rest[end:]
		if strings.Trim(perms, "rwxXstugo") != "" {
			return 0, fmt.Errorf("bad symbolic permission for mode: %s", clause)
		}
		for _, class := range []byte(who) {
			bits := classBits(class, perms, original, isDir) &^ mask
			mode = combine(op, mode, bits, class)
		}
	}
	return mode, nil
}

// classBits gives the bits that letters mean for one class.
func classBits(class byte, perms string, now uint32, isDir bool) uint32 {
	var three, special uint32
	for _, p := range []byte(perms) {
		switch p {
		case 'r':
			three |= 4
		case 'w':
			three |= 2
		case 'x':
			three |= 1
		case 'X':
			if isDir || now&0o111 != 0 {
				three |= 1
			}
		case 's', 't':
			if (p == 't') == (class == 'o') {
				special |= specials[class]
			}
		default: // u, g, o: as that class has it
			three |= now >> shifts[p] & 7
		}
	}
	return three<<shifts[class] | special
}

func combine(op byte, mode, bits uint32, class byte) uint32 {
	switch op {
	case '+':
		return mode | bits
	case '-':
		return mode &^ bits
	}
	clear := uint32(7)<<shifts[class] | specials[class]
	return mode&^clear | bits
}

// umask gives the process's file creation mask.
func umask(h target.Host) uint32 {
	status, _ := h.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if s, ok := strings.CutPrefix(line, "Umask:"); ok {
			if n, err := strconv.ParseUint(strings.TrimSpace(s), 8, 32); err == nil {
				return uint32(n)
			}
		}
	}
	return 0o022
}

// modeText prints permission bits as Ansible does: 0644, 02775.
func modeText(perm uint32) string { return fmt.Sprintf("0%03o", perm) }
