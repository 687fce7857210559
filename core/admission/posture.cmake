# Posture's part of the room, included by core/admission/CMakeLists.txt after the room's library exists.
find_package(OpenSSL 3.0 REQUIRED)
target_sources(sekisho_admission PRIVATE
  "${CMAKE_CURRENT_LIST_DIR}/browser_rule.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/device_key.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/device_facts.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/hostcheck_form.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/posture_challenges.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/posture_envelope.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/posture_exceptions.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/posture_refusals.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/posture_watch.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/posture.cpp")
target_link_libraries(sekisho_admission PRIVATE OpenSSL::Crypto)

if(TARGET sekisho::registry)
  sekisho_add_test(admission_posture_test
    SOURCES "${CMAKE_CURRENT_LIST_DIR}/browser_rule_test.cpp" "${CMAKE_CURRENT_LIST_DIR}/device_key_test.cpp" "${CMAKE_CURRENT_LIST_DIR}/device_facts_test.cpp"
            "${CMAKE_CURRENT_LIST_DIR}/posture_envelope_test.cpp" "${CMAKE_CURRENT_LIST_DIR}/posture_watch_test.cpp"
            "${CMAKE_CURRENT_LIST_DIR}/posture_test.cpp"
    LINK sekisho::admission sekisho_registry_testing OpenSSL::Crypto)
  sekisho_add_test(admission_posture_threads_test SOURCES "${CMAKE_CURRENT_LIST_DIR}/posture_threads_test.cpp"
    LINK sekisho::admission sekisho_registry_testing OpenSSL::Crypto)
  sekisho_tests_have_threads(admission_posture_threads_test)
endif()
