#pragma once

/// @file
/// Reads the table of permitted includes and names the edges of a header that it does not permit.
///
///     const layers::table table = layers::read(text_of("layers.txt"));
///     table.violations("core/share.hpp", text);  // "core/share.hpp -> hotswap/rollout/verbs.hpp
///     (core/ may …"

#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace layers {

/// The include directives of a header, with their brackets or quotes.
inline std::vector<std::string> includes_of(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string word;
    words >> word;
    if (word == "#") {  // "#  include <x>" is a directive, too
      words >> word;
      word.insert(0, "#");
    }
    if (!word.starts_with("#include")) continue;
    const auto first = line.find_first_of("<\"");
    if (first == std::string::npos) {
      found.push_back(line);  // an include of a macro, which no table can judge
      continue;
    }
    const auto last = line.find_first_of(">\"", first + 1);
    found.push_back(line.substr(first, last - first + 1));
  }
  return found;
}

class table {
 public:
  /// Adds what a folder, or one header, may include.
  /// @throws std::invalid_argument if an entry +NAME stands before the line of NAME
  void permit(const std::string& folder, const std::vector<std::string>& entries) {
    std::set<std::string>& mine = permitted_[folder];
    for (const std::string& entry : entries) {
      if (!entry.starts_with("+")) {
        mine.insert(entry);
        continue;
      }
      const auto below = permitted_.find(entry.substr(1));
      if (below == permitted_.end()) {
        throw std::invalid_argument("layers: " + entry + " must name a folder that stands above " +
                                    folder);
      }
      mine.insert(below->first);
      mine.insert(below->second.begin(), below->second.end());
    }
  }
  void permit_everyone(const std::string& name) { standard_.insert(name); }
  void permit_only(const std::string& header, const std::string& name) { only_[name] = header; }

  /// The edges that are not permitted, one line each.
  ///
  /// @param header  the path below include/hotswap
  std::vector<std::string> violations(const std::string& header, const std::string& text) const {
    const std::string folder = folder_of(header);
    const auto mine = permitted_.find(folder);
    if (mine == permitted_.end()) {
      return {header + " (the table knows no folder " + folder + "/)"};
    }
    std::set<std::string> entries = mine->second;
    if (const auto more = permitted_.find(header); more != permitted_.end()) {
      entries.insert(more->second.begin(), more->second.end());
    }
    std::vector<std::string> lines;
    for (const std::string& include : includes_of(text)) {
      const std::string why = reason_against(header, folder, entries, include);
      if (!why.empty()) lines.push_back(header + " -> " + include + " (" + why + ")");
    }
    return lines;
  }

 private:
  static std::string folder_of(std::string_view header) {
    const auto slash = header.rfind('/');
    return slash == std::string_view::npos ? "." : std::string{header.substr(0, slash)};
  }

  std::string reason_against(const std::string& header, const std::string& folder,
                             const std::set<std::string>& permitted,
                             const std::string& include) const {
    if (!include.starts_with("<")) return "write the whole path in angle brackets";
    const std::string path = include.substr(1, include.size() - 2);
    const std::string room = folder == "." ? "the umbrella" : folder + "/";

    if (path.starts_with("hotswap/")) {
      const std::string target = path.substr(8);
      if (target == "version.hpp" || permitted.contains(target)) return "";
      const std::string target_folder = folder_of(target);
      if (target_folder == ".") return "nothing may include the umbrella";
      if (target_folder == folder || permitted.contains(target_folder)) return "";
      return room + " may not include " + target_folder + "/";
    }

    if (const auto owner = only_.find(path); owner != only_.end()) {
      return owner->second == header ? "" : "only " + owner->second + " may";
    }
    if (standard_.contains(path) || permitted.contains(path)) return "";
    for (const std::string& start : permitted) {
      if (start.ends_with('/') && path.starts_with(start)) return "";
    }
    return room + " may not include " + path;
  }

  std::map<std::string, std::set<std::string>> permitted_;  // by folder, or by header
  std::set<std::string> standard_;
  std::map<std::string, std::string> only_;  // standard header to the one that may include it
};

/// Reads the grammar that stands at the top of layers.txt.
///
/// @throws std::invalid_argument for a line that is neither a rule nor a comment
inline table read(const std::string& text) {
  table result;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with("#")) continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) {
      throw std::invalid_argument("layers: a rule must have a colon, got " + line);
    }
    std::istringstream head{line.substr(0, colon)};
    std::string rule;
    std::string subject;
    head >> rule >> subject;
    std::vector<std::string> entries;
    std::istringstream tail{line.substr(colon + 1)};
    for (std::string entry; tail >> entry;) entries.push_back(entry);

    if ((rule == "folder" || rule == "header") && !subject.empty()) {
      result.permit(subject, entries);
    } else if (rule == "standard" && subject.empty()) {
      for (const std::string& name : entries) result.permit_everyone(name);
    } else if (rule == "only" && !subject.empty()) {
      for (const std::string& name : entries) result.permit_only(subject, name);
    } else {
      throw std::invalid_argument("layers: a rule must be folder, header, standard or only, got " +
                                  line);
    }
  }
  return result;
}

}  // namespace layers
