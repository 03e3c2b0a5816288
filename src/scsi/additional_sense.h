#pragma once

// Additional sense codes by name (SPC-5 annex F.2): the code in the high byte, its qualifier in the low one.

#include "scsi/sense.h"

namespace lunaria::scsi::asc {

inline constexpr AdditionalSense kNone{0x0000};
inline constexpr AdditionalSense kOperationInProgress{0x0016};
inline constexpr AdditionalSense kBecomingReady{0x0401};
inline constexpr AdditionalSense kNotReadyManualIntervention{0x0403};
inline constexpr AdditionalSense kFormatInProgress{0x0404};
inline constexpr AdditionalSense kAccessStateTransition{0x040A};
inline constexpr AdditionalSense kTargetPortInStandby{0x040B};
inline constexpr AdditionalSense kTargetPortUnavailable{0x040C};
inline constexpr AdditionalSense kSanitizeInProgress{0x041B};
inline constexpr AdditionalSense kUnreachableCopyTarget{0x0804};
inline constexpr AdditionalSense kWriteError{0x0C00};
inline constexpr AdditionalSense kCopyTargetNotReachable{0x0D02};
inline constexpr AdditionalSense kInvalidFieldInInformationUnit{0x0E03};
inline constexpr AdditionalSense kUnrecoveredReadError{0x1100};
inline constexpr AdditionalSense kParameterListLengthError{0x1A00};
inline constexpr AdditionalSense kMiscompareDuringVerify{0x1D00};
inline constexpr AdditionalSense kInvalidOperationCode{0x2000};
inline constexpr AdditionalSense kLbaOutOfRange{0x2100};
inline constexpr AdditionalSense kInvalidToken{0x2300};
inline constexpr AdditionalSense kUnsupportedTokenType{0x2301};
inline constexpr AdditionalSense kTokenUnknown{0x2304};
inline constexpr AdditionalSense kTokenCorrupt{0x2305};
inline constexpr AdditionalSense kTokenRevoked{0x2306};
inline constexpr AdditionalSense kTokenExpired{0x2307};
inline constexpr AdditionalSense kInvalidTokenLength{0x230A};
inline constexpr AdditionalSense kInvalidFieldInCdb{0x2400};
inline constexpr AdditionalSense kLogicalUnitNotSupported{0x2500};
inline constexpr AdditionalSense kInvalidFieldInParameterList{0x2600};
inline constexpr AdditionalSense kInvalidReleaseOfReservation{0x2604};
inline constexpr AdditionalSense kTooManyTargetDescriptors{0x2606};
inline constexpr AdditionalSense kUnsupportedTargetDescriptor{0x2607};
inline constexpr AdditionalSense kTooManySegmentDescriptors{0x2608};
inline constexpr AdditionalSense kUnsupportedSegmentDescriptor{0x2609};
inline constexpr AdditionalSense kUnexpectedInexactSegment{0x260A};
inline constexpr AdditionalSense kInlineDataLengthExceeded{0x260B};
inline constexpr AdditionalSense kWriteProtected{0x2700};
inline constexpr AdditionalSense kSoftwareWriteProtected{0x2702};
inline constexpr AdditionalSense kSpaceAllocationFailed{0x2707};
inline constexpr AdditionalSense kMediumMayHaveChanged{0x2800};
inline constexpr AdditionalSense kPowerOnOrReset{0x2900};
inline constexpr AdditionalSense kBusDeviceReset{0x2903};
inline constexpr AdditionalSense kNexusLoss{0x2907};
inline constexpr AdditionalSense kModeParametersChanged{0x2A01};
inline constexpr AdditionalSense kReservationsPreempted{0x2A03};
inline constexpr AdditionalSense kReservationsReleased{0x2A04};
inline constexpr AdditionalSense kRegistrationsPreempted{0x2A05};
inline constexpr AdditionalSense kAccessStateChanged{0x2A06};
inline constexpr AdditionalSense kCapacityChanged{0x2A09};
inline constexpr AdditionalSense kCommandsClearedByAnotherInitiator{0x2F00};
inline constexpr AdditionalSense kFormatCommandFailed{0x3101};
inline constexpr AdditionalSense kSanitizeCommandFailed{0x3103};
inline constexpr AdditionalSense kSoftThresholdReached{0x3807};
inline constexpr AdditionalSense kSavingParametersNotSupported{0x3900};
inline constexpr AdditionalSense kMediumNotPresent{0x3A00};
inline constexpr AdditionalSense kSelfTestFailed{0x3E03};
inline constexpr AdditionalSense kInquiryDataChanged{0x3F03};
inline constexpr AdditionalSense kReportedLunsChanged{0x3F0E};
inline constexpr AdditionalSense kInternalTargetFailure{0x4400};
inline constexpr AdditionalSense kInvalidMessage{0x4900};
inline constexpr AdditionalSense kMediumRemovalPrevented{0x5302};
inline constexpr AdditionalSense kInsufficientRegistrationResources{0x5504};

}  // namespace lunaria::scsi::asc
