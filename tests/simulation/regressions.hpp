#pragma once

/// @file
/// Schedules that once broke a promise, as the simulation had shrunk them: `simulate` replays those
/// of its strategy before it draws new ones. Each has failed with the code of before its repair.
/// What the world is asked has grown since the older ones, which may lead elsewhere by now.

#include <array>
#include <string_view>

class regression {
 public:
  std::string_view strategy;
  std::string_view schedule;
  std::string_view sentence;  ///< what the rollout did
};

inline constexpr std::array regressions{
    regression{"canary",
               "02010000000000000000000000000000000000000000000000000000000000000000000000000000"
               "0a0000000000000000000007",
               "a look had failed and was recorded, a person had asked for the last step "
               "meanwhile, the process died: the next one skipped the step, and raised a bad "
               "candidate"},
    regression{"canary",
               "0100000000000000000000000000000000000000000000000000000000000c000000000001",
               "a driver that had been taken over took its successor's roll-back for a drift, "
               "and gave the removed candidate its traffic back"},
    regression{"canary",
               "00000000000000080000000000000000000000000000000000000000000001000100010001000000"
               "000001000100000007",
               "a driver whose journal had failed went back and removed the candidate; the "
               "process died, and the next one went on from the last record and gave it "
               "traffic"},
    regression{"canary",
               "00000000000000080000000000000000070000000000000000000000000000000000000000000000"
               "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
               "0300000000000000000000000000010001000100000000000000000000000000000007",
               "a commit could not be written, and was no sooner given up than it was: the "
               "rollout went back, its successor found the commit, and removed the baseline"},
    regression{"canary",
               "000000000000000000000000000001000a0000000000000000000000000000000000000800060000"
               "000000000000010c000002",
               "a driver went back and could not record it, another one went on from the last "
               "record, and removed the baseline that served"},
    regression{"ab_test",
               "02000100000000000000000000000000000000000000000000000000000000000000000000000000"
               "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
               "0000000007000000000100010001",
               "the baseline had won, was committed, and the process died: the next one could "
               "not write, and said that the candidate serves"},
    regression{"ab_test",
               "01000100000100000000000000000000000000000000000000000000000a00000000000000000000"
               "000000000000000000000000000000000000000000070000000d",
               "a split that was under way when the process stopped was taken for a drift, and "
               "the one before it set again"},
    regression{"rolling",
               "0000000000000000000000000000000000000000000000000000000000000000000000000000"
               "0000000000000000000000000000000000000000000000000000000000000000000000000000"
               "0000000000000000000000000000000000000005000000000000000003",
               "a server did not go back, and the last one that served was taken out of rotation"},
    regression{
        "canary",
        "00000000000000000000000000000a0000000000000000000000000000000000000007000000"
        "00000000000000000000000000000000000000000002",
        "a look took ten seconds while the rollout was paused, somebody resumed it meanwhile, "
        "and all of the look's time counted as bake"},
    regression{"canary",
               "0701000000000000000000000000000000000000000000000000000000000000000000000000"
               "0002000000000002000400000000000000000000000000000b00000000000000000000000000"
               "0000000000000000000000000000000000000000000000000000000000000000000000000000"
               "0000000000000000000000000000000004",
               "a fail was held at a gate, the process died, and the next one did not hold it: the "
               "approval that had come meanwhile raised a bad candidate"},
    regression{
        "canary",
        "04020000000000000000000000000000000000000000000000000a0000000000000000000000"
        "000000000000000000000000000000000000000000010000000000000000000000000003",
        "a candidate was not healthy before a rise, which was held; the process died, the next "
        "one found it healthy, and raised it though a look had failed meanwhile"},
    regression{
        "ab_test",
        "01000100000000000000000000000000000c0000000000000000000000000000000000000000"
        "0000000000000000000000000400000000000000000000000000000000000200000000000000"
        "00000000000000000000000000000000000b0007000000000000030000010000000000000000"
        "0000000000000004",
        "the baseline had won, and whether it had all the traffic yet was not known: somebody "
        "else changed the split, and it was set to what the candidate had had before"},
    regression{
        "canary",
        "0600000000000000000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000900000000000701",
        "a look had failed at a gate, and the process died before it could hold that: the next "
        "one waited for the approval alone"},
    regression{
        "rolling",
        "0000000000000000000000000000000000000100000000000000000000000300000000000000"
        "000000000000000000000000090000000000000000000d",
        "a roll-back took a server out once more, since an update was under way, and died: the "
        "next process took it for restored, and left it out of rotation"},
    regression{"rolling",
               "0000000000000000000000000000000000000000000000000000000000000000000000000000"
               "0000000000000000000000000000000000000000000000000000000000000000000000000000"
               "00000000000000000000000000000000000000000000000000000500000000000000000004",
               "an update was under way when the servers went back, ended while one of them was "
               "waited for, and nobody looked once more: the candidate served in the end"},
    regression{"rolling",
               "0000000000000000000000000000000000000100000000000000000000000900000000000000"
               "0003000000000000000000000000000000000001000000000000000200000000000300000000"
               "00000000000d",
               "a server was taken out once more after its way back was recorded, the process "
               "died, and the next rollout took the other one out"},
    regression{"rolling",
               "0000000000000100000000000000000c00000000000000000000000000000000000000000000"
               "00000000000000000300000000000000000a0000000000000000000000000000000000000000"
               "000001000100000001000000000000000000000000000000000008000000000000000003",
               "a person's command that was recorded with a server's return made it seem out of "
               "rotation: it was taken out while the other one was"},
    regression{"rolling",
               "00000000000c0000000003000000000000000000000000000000000000000000000000000000"
               "000000000000000000000000010003000000010001000000000001000000000003",
               "a driver that could not write went back and died, and its successor put the server "
               "into rotation by what was recorded before, without a look at its health"},
    regression{"shadow",
               "0100000000000000000000000000000000000000000c00000000000000000000000000000000"
               "0000000a000000000000000000000000000000000007",
               "the rollout was paused, and the time that it took to write that down counted as "
               "bake"},
    regression{"rolling",
               "0000000000000000000001000000000000000000000000000000000000000000000000000000"
               "0000000000000000000000000000000000000000000000000000000000000007000000000000"
               "0000000000000000000000000000000000000000000000000000000000000000000003000000"
               "000000000002",
               "the rollout was paused, its process died, and somebody resumed it before the next "
               "one had taken up the bake: all the time since the last look counted"},
    regression{"canary",
               "00000000000000000c0000030000000000000000000000000009000000000003000000000000"
               "000000000000000000000000000000000000000007000003",
               "the rollout was paused and resumed while a look was written down, and the time "
               "between counted as bake"},
    regression{
        "blue_green", "02000000000000000000000000000d000000050100010c05",
        "two drivers resumed at once: the one that could not write it went back, and its late "
        "split, of the same revision as the other's, undid a switch behind a fenced router"},
    regression{"blue_green",
               "010005000001000000000405000000000000000000000f0000000000000000000000000000000005"
               "000c0001000100000105000d00000200000000000000000000"
               "00000001",
               "the simulation's own: a driver that went on with a recorded roll-back was asked to "
               "stop, and judged by the opening of a rollout before, which came late"},
    regression{
        "blue_green",
        "0100000000000000000000000000000000000000000000000000000000000000000000000000"
        "0000000000080000000000000000000000000000000000000000000000000000000000000000"
        "000000000000010001000100010000000000000000000000070000000001000100000004",
        "the simulation's own: a driver that could not record it had gone back, and the next one "
        "believed a router that answered with the split before that"},
    regression{
        "rolling",
        "00000000000000000000000f000000000100000a000000000000000000000000000000000000"
        "000000000000000000000000000000000000000c0000000000000000020000000000000e",
        "the simulation's own: one driver was told of a server that had joined, and the other one "
        "ended without knowing of it"},
    regression{
        "shadow",
        "000000000000000c000000000000000004000000010001000100000000000000000000000000"
        "0000000000000000000d05",
        "the simulation's own: what a driver did that did not know that it had lost was blamed on "
        "the rollout after it"},
    regression{
        "first_deployment", "01010c00000100000001000000000000000000000000000000010003",
        "the simulation's own: two first deployments, one after the other, and what the first "
        "one had left was taken for the second one's"},
    regression{
        "first_deployment", "00000c0000010000000306",
        "the simulation's own: two first deployments, and the second one was aborted before it had asked whether there is one"},
    regression{"first_deployment",
               "010000000c0304000000000000000000000000010000000000000000000000030103070000030003"
               "000000000001000000010002",
               "the simulation's own: a driver had recorded what it left over, and could not say "
               "how it ended, since another rollout began"},
    regression{"rolling",
               "00000000000000000000000000000000000000000000010001000100010001000100010c0300"
               "000003000000000000000000000d",
               "the simulation's own: a driver that could not write how it ended was taken for the "
               "end, while another one went on, was stopped, and was not started again"},
    regression{
        "shadow",
        "0000000000000000000000000000000000000007000000000000000000000000000000000000"
        "0000000000000000000600000000000000000000000000000000000d00000000000000000000"
        "0000000300000000000300000000000000000001000100000000000000080007000000000000"
        "00000000000000000000000c",
        "the rollout was paused before its driver had taken up the bake, and the next one took "
        "that for a pause of something else: time that was paused counted as bake"},
    regression{
        "canary", "01000c01010001000001000302000a0006",
        "a rollout was aborted before it had made sure of where the traffic is, and gave it to "
        "a baseline that had died, when the rollout before had left it with the candidate"},
};
