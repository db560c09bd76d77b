package transport

import (
	"fmt"
	"strings"
)

// settings are what ssh's options say, by lower-case name. The first value of
// an option wins, as in ssh, except for those that add up.
type settings struct {
	values map[string][]string
	// config is the file of -F; "none" reads no configuration.
	config string
	warn   func(string)
}

func newSettings(warn func(string)) *settings {
	return &settings{values: map[string][]string{}, warn: warn}
}

// additive options collect their values.
var additive = map[string]bool{"identityfile": true, "setenv": true}

// understood are the options that are acted on.
var understood = map[string]bool{
	"addressfamily": true, "bindaddress": true, "ciphers": true, "connectionattempts": true, "connecttimeout": true,
	"controlmaster": true, "controlpersist": true,
	"forwardagent": true, "globalknownhostsfile": true, "hostkeyalgorithms": true,
	"hostkeyalias": true, "hostname": true, "identitiesonly": true, "identityagent": true, "identityfile": true,
	"kbdinteractiveauthentication": true, "kexalgorithms": true, "macs": true,
	"passwordauthentication": true, "port": true, "preferredauthentications": true,
	"proxycommand": true, "proxyjump": true,
	"pubkeyauthentication": true, "serveralivecountmax": true, "serveraliveinterval": true,
	"stricthostkeychecking": true, "user": true, "userknownhostsfile": true,
	"setenv": true,
}

// harmless are the options that mean nothing here, or what happens anyway.
var harmless = map[string]bool{
	"controlpath": true, "compression": true,
	"compressionlevel": true, "loglevel": true, "requesttty": true, "escapechar": true,
	"visualhostkey": true, "hashknownhosts": true, "checkhostip": true, "updatehostkeys": true,
	"gssapiauthentication": true, "gssapidelegatecredentials": true, "forwardx11": true,
	"forwardx11trusted": true, "forwardx11timeout": true, "sendenv": true, "addkeystoagent": true,
	"numberofpasswordprompts": true, "ipqos": true, "rekeylimit": true, "canonicalizehostname": true,
	"exitonforwardfailure": true, "clearallforwardings": true, "permitlocalcommand": true,
	"hostbasedauthentication": true, "usekeychain": true, "verifyhostkeydns": true,
	"batchmode": true, "tcpkeepalive": true, "ignoreunknown": true, "protocol": true, "streamlocalbindunlink": true, "tunnel": true,
	"stdinnull": true, "sessiontype": true, "nohostauthenticationforlocalhost": true,
}

// set gives an option a value from source, which is named in warnings.
func (s *settings) set(name, val, source string) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "challengeresponseauthentication" {
		name = "kbdinteractiveauthentication"
	}
	switch {
	case harmless[name]:
	case !understood[name]:
		s.warn(fmt.Sprintf("the ssh option %s from %s is not understood and has no effect", name, source))
	case len(s.values[name]) == 0 || additive[name]:
		s.values[name] = append(s.values[name], strings.Trim(strings.TrimSpace(val), `"`))
	}
}

func (s *settings) get(name string) string {
	if v := s.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// no reports whether an option is switched off.
func (s *settings) no(name string) bool {
	v := strings.ToLower(s.get(name))
	return v == "no" || v == "off" || v == "false"
}

func (s *settings) yes(name string) bool {
	v := strings.ToLower(s.get(name))
	return v == "yes" || v == "true"
}

// optionFlags are ssh's flags that are another spelling of an option.
var optionFlags = map[byte]string{'J': "proxyjump", 'i': "identityfile", 'p': "port", 'l': "user",
	'b': "bindaddress", 'c': "ciphers", 'm': "macs"}

// switches are ssh's flags without a value.
var switches = map[byte][2]string{'4': {"addressfamily", "inet"}, '6': {"addressfamily", "inet6"},
	'A': {"forwardagent", "yes"}, 'a': {"forwardagent", "no"}}

// silent flags mean nothing here.
const silentFlags = "CqvxXYtTnNfKkg"

const argSource = "the ssh arguments"

// args reads ssh's command-line arguments.
func (s *settings) args(args []string) {
	for len(args) > 0 {
		args = s.arg(args)
	}
}

// arg reads the first argument and gives the rest.
func (s *settings) arg(args []string) []string {
	a := args[0]
	args = args[1:]
	if len(a) < 2 || a[0] != '-' {
		s.warn(fmt.Sprintf("%q in the ssh arguments is no option and has no effect", a))
		return args
	}
	for a = a[1:]; a != ""; a = a[1:] {
		flag := a[0]
		if sw, ok := switches[flag]; ok {
			s.set(sw[0], sw[1], argSource)
			continue
		}
		if strings.IndexByte(silentFlags, flag) >= 0 {
			continue
		}
		val := a[1:]
		if val == "" && len(args) > 0 {
			val, args = args[0], args[1:]
		}
		s.flag(flag, val)
		return args
	}
	return args
}

// flag acts on a flag that has a value.
func (s *settings) flag(flag byte, val string) {
	switch flag {
	case 'o':
		s.assign(val, argSource)
	case 'F':
		s.config = val
	case 'S', 'E', 'e', 'O', 'Q', 'W', 'D', 'L', 'R', 'w', 'I', 'B':
		if flag != 'S' && flag != 'E' && flag != 'e' {
			s.warn(fmt.Sprintf("the ssh flag -%c has no effect", flag))
		}
	default:
		if name, ok := optionFlags[flag]; ok {
			s.set(name, val, argSource)
			return
		}
		s.warn(fmt.Sprintf("the ssh flag -%c is not understood and has no effect", flag))
	}
}

// assign reads "Name=value" or "Name value".
func (s *settings) assign(text, source string) {
	text = strings.TrimSpace(text)
	i := strings.IndexAny(text, "= \t")
	if i < 0 {
		s.warn(fmt.Sprintf("the ssh option %q from %s has no value", text, source))
		return
	}
	val := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text[i:]), "="))
	s.set(text[:i], val, source)
}
