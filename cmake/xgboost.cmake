# Offers xgboost::xgboost if there is XGBoost's C library; only an example and its tests use it.
#
# Debian's package of XGBoost for CMake stops the configuration unless the command-line program is
# installed, too; so we look for the library ourselves.
find_path(XGBOOST_INCLUDE xgboost/c_api.h)
find_library(XGBOOST_LIBRARY xgboost)
if(XGBOOST_INCLUDE AND XGBOOST_LIBRARY AND NOT TARGET xgboost::xgboost)
  add_library(xgboost::xgboost UNKNOWN IMPORTED)
  set_target_properties(xgboost::xgboost PROPERTIES
    IMPORTED_LOCATION "${XGBOOST_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${XGBOOST_INCLUDE}")
endif()
