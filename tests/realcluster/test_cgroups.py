"""Both versions of cgroups, read from what the kernel tells of its mounts."""

from pathlib import Path

from realnodes import cgroups, rooms

JOINT = """\
22 28 0:20 / /sys rw,nosuid - sysfs sysfs rw
30 22 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,name=systemd
33 30 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
34 30 0:31 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
35 30 0:31 / /somewhere/else/memory rw,nosuid - cgroup cgroup rw,memory
"""
UNIFIED = "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_each_hierarchy_of_the_first_version_is_found_once_with_its_controllers():
    found = cgroups.parse(JOINT)

    mounts = {str(one.mount): one.controllers for one in found}
    assert mounts == {
        "/sys/fs/cgroup/unified": (),
        "/sys/fs/cgroup/systemd": ("name=systemd",),
        "/sys/fs/cgroup/cpu,cpuacct": ("cpu", "cpuacct"),
        "/sys/fs/cgroup/memory": ("memory",),
    }
    assert not cgroups.Groups("one", found).is_unified_only


def test_processes_join_a_group_in_every_hierarchy_of_the_first_version():
    script = cgroups.Groups("one", cgroups.parse(JOINT)).joining("n1", ["true"])[2]

    assert "/sys/fs/cgroup/cpu,cpuacct/shorthaul-one/n1" in script
    assert "/sys/fs/cgroup/unified/shorthaul-one/n1" in script


def test_under_the_second_version_all_but_the_first_process_join_one_level_down():
    groups = cgroups.Groups("one", cgroups.parse(UNIFIED))

    assert groups.is_unified_only
    assert "/sys/fs/cgroup/shorthaul-one/n1;" in groups.joining("n1", ["true"], first=True)[2]
    assert "/sys/fs/cgroup/shorthaul-one/n1/system;" in groups.joining("n1", ["true"])[2]


def test_under_the_second_version_a_node_gets_its_controllers(tmp_path):
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory hugetlb pids rdma\n")
    control = tmp_path / "cgroup.subtree_control"
    control.write_text("cpu hugetlb\n")

    cgroups.give_controllers(tmp_path)

    assert control.read_text() == "+cpuset +io +memory +pids"


def test_under_the_second_version_controllers_that_are_given_are_not_given_again(tmp_path):
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    control = tmp_path / "cgroup.subtree_control"
    control.write_text("cpu memory\n")

    cgroups.give_controllers(tmp_path)

    assert control.read_text() == "cpu memory\n"


def test_a_room_has_the_cgroups_of_its_machine(tmp_path):
    joint = list(rooms.mounts(tmp_path, cgroups.parse(JOINT)))
    unified = list(rooms.mounts(tmp_path, cgroups.parse(UNIFIED)))

    target = str(Path("/sys/fs/cgroup/cpu,cpuacct"))
    assert ["-t", "cgroup", "-o", "cpu,cpuacct", "cgroup", target] in joint
    assert ["-t", "cgroup", "-o", "none,name=systemd", "cgroup", "/sys/fs/cgroup/systemd"] in joint
    assert ["-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"] in unified
    assert not any("cgroup" in mount for mount in unified)


def test_what_is_bound_into_a_room_comes_after_the_layer_it_lies_on(tmp_path):
    mounts = list(rooms.mounts(tmp_path, cgroups.parse(UNIFIED)))

    targets = [mount[-1] for mount in mounts]
    assert targets.index("/var") < targets.index("/var/lib/containerd")
    assert targets[-1] == "/"
