/** Which events of the stream are handed on under which names of `PhoneBarEvents` (see phonebar.js). */

/** Of those that concern this agent's call. */
export const CALL_EVENTS = {
  answer_refused: 'answerRefused',
  call_held: 'held', call_retrieved: 'retrieved', call_hold_reminded: 'holdReminded', party_muted: 'muted', party_unmuted: 'unmuted',
  digits_sent: 'digitsSent', recording_paused: 'recordingPaused', recording_resumed: 'recordingResumed',
  consult_started: 'consulting', consult_answered: 'consultAnswered', consult_failed: 'consultFailed',
  call_transferred: 'transferred', transfer_failed: 'transferFailed', call_sent_to_flow: 'sentToFlow', call_back_from_flow: 'backFromFlow',
  call_conferenced: 'conferenced', party_dropped: 'partyDropped', call_intercepted: 'intercepted', call_data_changed: 'dataChanged',
  call_progress: 'progress', call_dial_result: 'dialResult',
};

/** Of how supervisors are in it; all are handed on as `supervised`. */
export const SUPERVISION_EVENTS = new Set(['supervision_started', 'supervision_changed', 'supervision_ended']);
