# Prints the state of the host, without what changes by itself.
cd /
find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /dev -o -path /tmp -o -path /var/tmp \
  -o -path /var/log -o -path /root/.cache -o -path /var/lib/systemd \) -prune \
  -o -printf '%p %y %m %u:%g %s %T@ %l\n' | sort
find /etc /root/cm /home /usr/local -type f -exec sha256sum {} + | sort -k2
dpkg --get-selections
systemctl list-unit-files --no-legend
systemctl show -p MainPID,ActiveState,ActiveEnterTimestampMonotonic cron
iptables-save | grep -v '^[#:]'
hostname
sysctl net.ipv4.ip_forward
cut -d' ' -f1 /proc/modules 2>/dev/null | sort
cut -d' ' -f2,3 /proc/mounts
crontab -l 2>&1 || true
