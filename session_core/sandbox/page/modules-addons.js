/* What is done to messages, kept beside them: reactions and votes, one a person and message, in tables as the original has them. */
(function () {
  'use strict';

  __d.es('WAWebReactionDataUtils', (exports, require) => {
    const MsgKey = require('WAWebMsgKey');
    const { createWid } = require('WAWebWidFactory');

    // Between messages of type reaction and rows of the table.
    exports.reactionMsgDataToReactionRow = (msg) => ({
      msgKey: String(msg.id),
      parentMsgKey: String(msg.reactionParentKey),
      senderUserJid: String(msg.author ?? msg.from),
      reactionText: msg.reactionText,
      timestamp: msg.reactionTimestamp,
      t: msg.t,
      orphan: 0,
      read: msg.read ?? false,
    });
    exports.reactionRowToReactionMsgData = (row) => {
      const id = MsgKey.fromString(row.msgKey);
      const sender = createWid(row.senderUserJid);
      return {
        id,
        type: 'reaction',
        from: sender,
        author: id.participant && sender,
        reactionParentKey: MsgKey.fromString(row.parentMsgKey),
        reactionText: row.reactionText,
        reactionTimestamp: row.timestamp,
        t: row.t,
        read: row.read,
      };
    };
  });

  __d.es('WAWebAddonReactionTableMode', (exports, require) => {
    const storage = require('SandboxStorage');
    const data = require('WAWebReactionDataUtils');
    exports.reactionTableMode = {
      // What is taken back keeps its row, without an emoji.
      async bulkUpsert(messages) {
        for (const one of messages) await storage.put('reactions', data.reactionMsgDataToReactionRow(one));
      },
      async bulkGetByParentMsgKey(keys) {
        const rows = await storage.anyOf('reactions', 'parentMsgKey', keys.map(String));
        return rows.map(data.reactionRowToReactionMsgData);
      },
    };
  });

  __d.es('WAWebDBGetReactions', (exports, require) => {
    const MsgKey = require('WAWebMsgKey');
    exports.getReactions = async (parentMsgKey) => {
      const rows = await require('SandboxStorage').anyOf('reactions', 'parentMsgKey', [parentMsgKey]);
      const there = rows.filter((row) => row.reactionText !== '');
      const reactionByMe = there.find((row) => MsgKey.fromString(row.msgKey).fromMe) ?? null;
      const reactions = [...new Set(there.map((row) => row.reactionText))].map((emoji) => ({
        aggregateEmoji: emoji,
        senders: there.filter((row) => row.reactionText === emoji),
        hasReactionByMe: reactionByMe?.reactionText === emoji,
      }));
      return { reactions, reactionByMe };
    };
  });

  __d.es('WAWebPollsVotesSchema', (exports, require) => {
    const storage = require('SandboxStorage');
    const table = (name) => ({
      anyOf: ([column], values) => storage.anyOf(name, column, values),
      equals: ([column], value) => storage.anyOf(name, column, [value]),
    });
    exports.getTable = () => table("poll-votes"); // clients know this module by these very characters
  });

  __d.es('WAWebPollsDbSerialization', (exports, require) => {
    const MsgKey = require('WAWebMsgKey');
    exports.dbRowFromVote = (vote) => ({
      ...vote,
      msgKey: String(vote.msgKey),
      parentMsgKey: String(vote.parentMsgKey),
      selectedOptionLocalIds: new Uint8Array(vote.selectedOptionLocalIds).buffer,
      sender: String(vote.sender),
    });
    exports.voteFromDbRow = (row) => ({
      ...row,
      msgKey: MsgKey.fromString(row.msgKey),
      parentMsgKey: MsgKey.fromString(row.parentMsgKey),
      selectedOptionLocalIds: Array.from(new Uint8Array(row.selectedOptionLocalIds)),
      sender: require('WAWebWidFactory').createWid(row.sender),
    });
  });

  __d.es('WAWebDBPollsUpsertVotes', (exports, require) => {
    exports.upsertVotesDb = async (votes) => {
      const { dbRowFromVote } = require('WAWebPollsDbSerialization');
      for (const vote of votes) await require('SandboxStorage').put('poll-votes', dbRowFromVote(vote));
      return votes;
    };
  });

  __d.es('WAWebAddonPollVoteTableMode', (exports, require) => {
    exports.pollVoteTableMode = {
      async bulkUpsert(messages) {
        await require('WAWebDBPollsUpsertVotes').upsertVotesDb(
          messages.map((one) => ({
            ack: 1,
            msgKey: one.id,
            parentMsgKey: one.pollUpdateParentKey,
            selectedOptionLocalIds: one.selectedOptionLocalIds,
            sender: one.author ?? one.from,
            senderTimestampMs: one.senderTimestampMs,
          }))
        );
      },
    };
  });
})();
