// Made by `npm run api` from openapi.json.
export interface paths {
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health
         * @description The server answers; open to everybody.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * System
         * @description What this server can do, and what it takes where a request names nothing.
         */
        get: operations["system"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Me
         * @description Who one is here, and what one may do.
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log In
         * @description Sets the cookie of a web page, valid for a week; open to everybody, a few times a minute.
         */
        post: operations["log_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log Out
         * @description Takes the cookie back.
         */
        post: operations["log_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tokens
         * @description All tokens, the oldest first; needs the scope admin.
         */
        get: operations["list_tokens"];
        put?: never;
        /**
         * Create Token
         * @description Makes a token; needs the scope admin. With the first one everybody needs a token, so whoever makes it gets its cookie.
         */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Token
         * @description Makes a token void, at once; needs the scope admin.
         */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Metrics
         * @description Figures for Prometheus: requests, live sessions, jobs, workers, disk, and this process.
         */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/avatars": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Avatars
         * @description The avatars that one can talk with: the built-in ones, then the user's own.
         */
        get: operations["list_avatars"];
        put?: never;
        /**
         * Create Avatar
         * @description Makes an avatar from a picture.
         */
        post: operations["create_avatar"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/avatars/inspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Inspect Picture
         * @description What an avatar would be made of, if it was made from this picture; nothing is kept.
         */
        post: operations["inspect_picture"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/avatars/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Avatar
         * @description Takes in an avatar that was exported, here or elsewhere.
         */
        post: operations["import_avatar"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/avatars/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Avatar
         * @description One avatar.
         */
        get: operations["get_avatar"];
        put?: never;
        post?: never;
        /**
         * Delete Avatar
         * @description Removes an avatar; videos of it stay. Avatars belong to everybody, so only those with the scope admin may.
         */
        delete: operations["delete_avatar"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/avatars/{name}/preview.jpg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Preview
         * @description A small picture of an avatar.
         */
        get: operations["get_preview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/avatars/{name}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export Avatar
         * @description An avatar as one file, which `POST /api/v1/avatars/import` takes.
         */
        get: operations["export_avatar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/train/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check Clip
         * @description Tells in seconds whether a video is good enough to learn from, and what to do about it if not.
         *
         *     The job's result has `verdict` (`pass`, `warn` or `fail`: the worst of all) and `items`, each with `name`, `verdict`, `value`, `unit`,
         *     `sentence` and `advice`. `POST /api/v1/train` learns from its video when it is given the job's id.
         */
        post: operations["check_clip"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/train": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Train Avatar
         * @description Learns an avatar from the file `file`, a video of one person who speaks, or from the video of a check that was made before.
         *
         *     The file `au_csv` may come with it: OpenFace's table of action units for this video; and the file `background`: a picture that is shown
         *     behind the person.
         */
        post: operations["train_avatar"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/speak": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Speak
         * @description Makes a video: of a text, or of the recording `audio` in a form.
         */
        post: operations["speak"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluate/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Evaluate Sync
         * @description Measures the lips of a video that was made here, or of the file `video` in a form; beside those of `reference`, if that is sent.
         *
         *     The job's result has the figures; its files are `lips.json` with the same, and `lips.html`, a page that shows them with curves.
         */
        post: operations["evaluate_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Jobs
         * @description Jobs, the newest first.
         */
        get: operations["list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Job
         * @description One job.
         */
        get: operations["get_job"];
        put?: never;
        post?: never;
        /**
         * Delete Job
         * @description Removes a job and its files; one that runs is stopped first.
         */
        delete: operations["delete_job"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Job
         * @description Stops a job that waits or runs.
         */
        post: operations["cancel_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume Job
         * @description Goes on with a job that was cancelled.
         */
        post: operations["resume_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry Job
         * @description Tries a job that failed once more.
         */
        post: operations["retry_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Job Log
         * @description What the job's processes said, from a byte on; of a long log a part.
         */
        get: operations["get_job_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Job Events
         * @description What happens to the job, as server-sent events until it ends. `Last-Event-ID` goes on where a reader was cut off.
         *
         *     `progress`: a `JobProgress` and `attempt`. `log`: `lines`. `metric`: `step`, `values`. `artifact`: `name`, `step`.
         *     The last is `state`: `status`, `result`, `error`.
         */
        get: operations["job_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/files/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Job File
         * @description A file that the job has made, or a picture of how far it is.
         */
        get: operations["get_job_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/videos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Videos
         * @description Videos, the newest first.
         */
        get: operations["list_videos"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/videos/{video_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Video
         * @description One video.
         */
        get: operations["get_video"];
        put?: never;
        post?: never;
        /**
         * Delete Video
         * @description Removes a video and the job that made it.
         */
        delete: operations["delete_video"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/videos/{video_id}/video.mp4": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Video File
         * @description The video itself; ranges can be asked for.
         */
        get: operations["get_video_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/videos/{video_id}/poster.jpg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Poster
         * @description A picture of the video.
         */
        get: operations["get_poster"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/videos/{video_id}/subtitles.srt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Subtitles
         * @description Subtitles for most programs.
         */
        get: operations["get_subtitles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/videos/{video_id}/subtitles.vtt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Web Subtitles
         * @description Subtitles for browsers.
         */
        get: operations["get_web_subtitles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Engines
         * @description What can draw avatars here.
         */
        get: operations["list_engines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/voices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Voices
         * @description The voices that can speak here.
         */
        get: operations["list_voices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/voices/sample": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Voice Sample
         * @description A short sentence as the voice says it, MP3. A text of one's own needs the scope make.
         */
        get: operations["get_voice_sample"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/weights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Weights
         * @description The model files that Mien can fetch, and which of them are here.
         */
        get: operations["list_weights"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/weights/pull": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pull Weights
         * @description Fetches model files, in a job.
         */
        post: operations["pull_weights"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Settings
         * @description The settings that can be changed here; secrets are never shown.
         */
        get: operations["get_settings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Settings
         * @description Keeps settings in the settings file, all or none of them; sessions and jobs that begin from now on use them.
         *
         *     Whoever changes the address of a service names its key again: a kept key is not sent to another server.
         */
        patch: operations["change_settings"];
        trace?: never;
    };
    "/api/v1/settings/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try Service
         * @description Tries a service with settings that need not be kept yet: asks the model, speaks, or listens to a spoken sentence.
         *
         *     A service that fails is answered with 200 and `ok: false`.
         */
        post: operations["try_service"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/licences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Licences
         * @description What is installed, with its licences, as the packages say; then the notices that come with Mien.
         */
        get: operations["list_licences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description The speech engines that can be used, and the names of OpenAI's that stand for the usual voice.
         */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audio/speech": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Speech
         * @description Says a text; the sound is sent while it is spoken.
         */
        post: operations["create_speech"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Sessions
         * @description All sessions.
         */
        get: operations["list_sessions"];
        put?: never;
        /**
         * Create Session
         * @description Begins a session. It is ready: the avatar already moves. Connect with `offer`, WHEP or the WebSocket.
         */
        post: operations["create_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Session
         * @description State and metrics of a session.
         */
        get: operations["get_session"];
        put?: never;
        post?: never;
        /**
         * End Session
         * @description Ends a session and frees all that it holds.
         */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}/offer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Offer
         * @description Connects a browser: its WebRTC offer is answered.
         */
        post: operations["offer"];
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Add Candidates
         * @description Addresses of the browser that it found after its offer.
         */
        patch: operations["add_candidates"];
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}/say": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say
         * @description Says a text, or answers it.
         */
        post: operations["say"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}/audio": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Play Audio
         * @description Speaks a recording: the body, in any common format.
         */
        post: operations["play_audio"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}/interrupt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Interrupt
         * @description Silences the avatar at once; what it was going to say is dropped.
         */
        post: operations["interrupt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}/action": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Act
         * @description Lets the avatar make a movement.
         */
        post: operations["act"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}/record": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record
         * @description Begins or ends the recording.
         */
        post: operations["record"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}/recording": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Recording
         * @description The last recording, once it was stopped; also of a session that is over.
         */
        get: operations["get_recording"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live/sessions/{session_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events
         * @description What happens in the session, as server-sent events until it is closed. `Last-Event-ID` goes on where a reader was cut off.
         */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/whep": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Watch New Session
         * @description Begins a session and connects a player to it, in one address that never changes; it ends some time after the player left.
         */
        post: operations["watch_new_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/whep/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Watch Session
         * @description Connects a player: its SDP offer is answered; `Location` is where it sends candidates, and DELETE when it leaves.
         */
        post: operations["watch_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/whep/{session_id}/{peer_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Leave Session
         * @description Disconnects a player.
         */
        delete: operations["leave_session"];
        options?: never;
        head?: never;
        /**
         * Add Player Candidates
         * @description Addresses of the player that it found after its offer.
         */
        patch: operations["add_player_candidates"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Action
         * @description A movement; `actions` of the session lists them.
         */
        Action: {
            /** Name */
            name: string;
        };
        /**
         * Answer
         * @description For `RTCPeerConnection.setRemoteDescription`; it names every address of the server, so none follow.
         */
        Answer: {
            /** Peer Id */
            peer_id: string;
            /** Sdp */
            sdp: string;
            /**
             * Type
             * @default answer
             * @constant
             */
            type: "answer";
        };
        /**
         * Avatar
         * @description An avatar that can be talked with.
         */
        Avatar: {
            /** Name */
            name: string;
            /** Builtin */
            builtin: boolean;
            /**
             * Engine
             * @description Empty: the best one for a picture.
             */
            engine: string;
            /**
             * Preview
             * @description Path of its picture on this server.
             */
            preview: string;
            /**
             * Created At
             * @description Seconds since 1970; null: it came with Mien.
             */
            created_at?: number | null;
            /**
             * Width
             * @description Of the picture it was made from, pixels; 0: unknown.
             * @default 0
             */
            width: number;
            /**
             * Height
             * @default 0
             */
            height: number;
            /**
             * Licence
             * @description Of that picture.
             * @default
             */
            licence: string;
            /**
             * Consent
             * @description Who agreed to be shown, and how that is recorded.
             * @default
             */
            consent: string;
            /**
             * Remarks
             * @description What was noticed when it was made, one sentence each.
             * @default []
             */
            remarks: string[];
            /**
             * Problem
             * @description Why it cannot be used; empty: it can.
             * @default
             */
            problem: string;
        };
        /**
         * Box
         * @description A rectangle in pixels of the upright picture.
         */
        Box: {
            /** X */
            x: number;
            /** Y */
            y: number;
            /** Width */
            width: number;
            /** Height */
            height: number;
        };
        /**
         * Candidate
         * @description An address of the browser, as `RTCIceCandidate.toJSON` gives it; an empty candidate ends them.
         */
        Candidate: {
            /** Candidate */
            candidate: string;
            /** Sdp Mid */
            sdp_mid?: string | null;
            /** Sdp Mline Index */
            sdp_mline_index?: number | null;
        };
        /**
         * Candidates
         * @description Addresses that were found after the offer was sent (trickle ICE).
         */
        Candidates: {
            /** Peer Id */
            peer_id: string;
            /** Candidates */
            candidates: components["schemas"]["Candidate"][];
        };
        /**
         * Capacity
         * @description How many sessions at once.
         */
        Capacity: {
            /** Limit */
            limit: number;
            /** Open */
            open: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * CreatedToken
         * @description A token with its text, which is shown this once.
         */
        CreatedToken: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** User */
            user: string;
            /**
             * Scope
             * @enum {string}
             */
            scope: "read" | "make" | "admin";
            /** Created At */
            created_at: number;
            /** Expires At */
            expires_at?: number | null;
            /** Last Used At */
            last_used_at?: number | null;
            /** Token */
            token: string;
        };
        /**
         * Defaults
         * @description What is taken where a request names nothing.
         */
        Defaults: {
            /** Avatar */
            avatar: string;
            /** Voice */
            voice: string;
            /** Recognizer */
            recognizer: string;
            /** Llm */
            llm: string;
        };
        /**
         * EngineInfo
         * @description An engine; `engine` of many requests takes its name.
         */
        EngineInfo: {
            /** Name */
            name: string;
            /** Summary */
            summary: string;
            /** Licence */
            licence: string;
            /**
             * Ready
             * @description Everything that it needs is installed.
             */
            ready: boolean;
            /**
             * Install
             * @description The line that installs what is missing.
             */
            install: string;
            /**
             * Gpu
             * @description It draws in time for a conversation only on a GPU.
             */
            gpu: boolean;
            /**
             * Creates From
             * @description What an avatar for it is made from: "image", "video".
             */
            creates_from: string[];
            /**
             * Trains
             * @description Its avatars are learnt from a video.
             */
            trains: boolean;
            /**
             * Options
             * @description JSON Schema of what it can be told.
             */
            options: {
                [key: string]: unknown;
            };
        };
        /** FoundFace */
        FoundFace: {
            /** X */
            x: number;
            /** Y */
            y: number;
            /** Width */
            width: number;
            /** Height */
            height: number;
            /**
             * Score
             * @description How sure it is that this is a face, 0 to 1.
             */
            score: number;
        };
        /** Gpu */
        Gpu: {
            /** Name */
            name: string;
            /** Memory Mb */
            memory_mb: number;
        };
        /** Health */
        Health: {
            /**
             * Status
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /**
         * IceServer
         * @description A STUN or TURN server, as `RTCPeerConnection` takes it.
         */
        IceServer: {
            /** Urls */
            urls: string | string[];
            /** Username */
            username?: string | null;
            /** Credential */
            credential?: string | null;
        };
        /**
         * Inspection
         * @description What an avatar would be made of, if it was made from this picture.
         */
        Inspection: {
            /**
             * Width
             * @description Of the upright picture, pixels.
             */
            width: number;
            /** Height */
            height: number;
            /** Faces */
            faces: components["schemas"]["FoundFace"][];
            /**
             * Chosen
             * @description Which of the faces it would show; null: none.
             */
            chosen: number | null;
            /** @description What a video with frame "head" would show. */
            crop: components["schemas"]["Box"] | null;
            /** Hints */
            hints: components["schemas"]["Remark"][];
            /** Usable */
            usable: boolean;
        };
        /**
         * JobInfo
         * @description One job.
         */
        JobInfo: {
            /** Id */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "speak" | "create_avatar" | "import_avatar" | "check_clip" | "train" | "evaluate" | "pull_weights";
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /**
             * Title
             * @description For listings: the beginning of the text, or the avatar's name.
             */
            title: string;
            /** Owner */
            owner: string;
            /** Request */
            request: {
                [key: string]: unknown;
            };
            /**
             * Created At
             * @description Seconds since 1970.
             */
            created_at: number;
            /** Started At */
            started_at?: number | null;
            /** Ended At */
            ended_at?: number | null;
            /**
             * Attempt
             * @description How many times it was begun; more than 1 after a crash or a retry.
             * @default 0
             */
            attempt: number;
            /**
             * Worker
             * @description Where it runs or ran.
             * @default
             */
            worker: string;
            /** @description While it runs. */
            progress?: components["schemas"]["JobProgress"] | null;
            /**
             * Result
             * @description If it succeeded; depends on the kind.
             */
            result?: {
                [key: string]: unknown;
            } | null;
            /** @description If it failed. */
            error?: components["schemas"]["JobProblem"] | null;
        };
        /**
         * JobPage
         * @description Some jobs, the newest first.
         */
        JobPage: {
            /** Jobs */
            jobs: components["schemas"]["JobInfo"][];
            /**
             * Next Offset
             * @description For the next page; null: these were the last.
             */
            next_offset: number | null;
        };
        /**
         * JobProblem
         * @description Why a job failed, as `MienError.as_dict` tells it.
         */
        JobProblem: {
            /** Code */
            code: string;
            /** Message */
            message: string;
            /**
             * Hint
             * @default
             */
            hint: string;
            /**
             * Retryable
             * @default false
             */
            retryable: boolean;
        };
        /**
         * JobProgress
         * @description How far a running job is.
         */
        JobProgress: {
            /**
             * Stage
             * @description A stable word: "starting", "voice", "avatar", "engine", "render", …
             */
            stage: string;
            /**
             * Done
             * @default 0
             */
            done: number;
            /** Total */
            total?: number | null;
            /**
             * Unit
             * @default
             */
            unit: string;
            /**
             * Percent
             * @description Of the whole job; never falls within an attempt.
             * @default 0
             */
            percent: number;
            /**
             * Eta S
             * @description Seconds to the end, as far as can be told.
             */
            eta_s?: number | null;
            /**
             * Speed
             * @description Units a second in this stage.
             */
            speed?: number | null;
        };
        /**
         * JobsState
         * @description How much is to be done, of all users, and who does it.
         */
        JobsState: {
            /** Queued */
            queued: number;
            /** Running */
            running: number;
            /** Workers */
            workers: components["schemas"]["Worker"][];
        };
        /**
         * Licence
         * @description Something that Mien is, has, or uses.
         */
        Licence: {
            /** Name */
            name: string;
            /**
             * Licence
             * @description SPDX expression where its makers give one.
             */
            licence: string;
            /**
             * Url
             * @description Empty: none is known.
             */
            url: string;
            /**
             * What
             * @description What it is, or what it is used for.
             */
            what: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "mien" | "package" | "engine" | "voice" | "recognizer" | "weights" | "notice";
        };
        /**
         * Limits
         * @description What a request may bring.
         */
        Limits: {
            /**
             * Upload Mb
             * @description The largest file.
             */
            upload_mb: number;
            /**
             * Text Chars
             * @description The longest text of one video.
             */
            text_chars: number;
            /**
             * Image Pixels
             * @description The largest picture.
             */
            image_pixels: number;
            /**
             * Job Time Limit S
             * @description A job that takes longer is ended.
             */
            job_time_limit_s: number;
        };
        /**
         * Login
         * @description A token, which becomes a cookie.
         */
        Login: {
            /** Token */
            token: string;
        };
        /**
         * Machine
         * @description What the server runs on, now.
         */
        Machine: {
            /** Cores */
            cores: number;
            /** Memory Mb */
            memory_mb: number;
            /** Memory Used Mb */
            memory_used_mb: number;
            /**
             * Disk Free Mb
             * @description Where avatars and jobs are kept.
             */
            disk_free_mb: number;
            /** Gpus */
            gpus: components["schemas"]["Gpu"][];
        };
        /**
         * Me
         * @description Who sends the request.
         */
        Me: {
            /** User */
            user: string;
            /**
             * Scope
             * @enum {string}
             */
            scope: "read" | "make" | "admin";
            /**
             * Local
             * @description The server has no tokens: whoever is at this machine may do everything.
             */
            local: boolean;
        };
        /**
         * Model
         * @description A speech engine.
         */
        Model: {
            /** Id */
            id: string;
            /**
             * Object
             * @default model
             * @constant
             */
            object: "model";
            /**
             * Created
             * @description Not known.
             * @default 0
             */
            created: number;
            /**
             * Owned By
             * @default mien
             */
            owned_by: string;
        };
        /**
         * Models
         * @description What `model` may be.
         */
        Models: {
            /**
             * Object
             * @default list
             * @constant
             */
            object: "list";
            /** Data */
            data: components["schemas"]["Model"][];
        };
        /**
         * NamedVoice
         * @description A voice by its id.
         */
        NamedVoice: {
            /** Id */
            id: string;
        };
        /**
         * NewSession
         * @description A session that has just begun.
         */
        NewSession: {
            /** Id */
            id: string;
            /** Avatar */
            avatar: string;
            /** Engine */
            engine: string;
            /** Voice */
            voice: string;
            /**
             * State
             * @enum {string}
             */
            state: "starting" | "idle" | "listening" | "thinking" | "speaking" | "closed";
            /**
             * Generation
             * @description Counts turns; everything of one turn carries its number.
             */
            generation: number;
            /** Speaking */
            speaking: boolean;
            /** Recording */
            recording: boolean;
            /**
             * Peers
             * @description How many watch it now.
             */
            peers: number;
            /** Width */
            width: number;
            /** Height */
            height: number;
            /** Fps */
            fps: number;
            /**
             * Actions
             * @description Movements it can be asked for.
             */
            actions: string[];
            /** Age S */
            age_s: number;
            /**
             * Silent S
             * @description Since anybody said anything.
             */
            silent_s: number;
            /**
             * Metrics
             * @description Frames sent and repeated, ticks missed, medians of the last turns …
             */
            metrics: {
                [key: string]: number;
            };
            /** Ice Servers */
            ice_servers: components["schemas"]["IceServer"][];
        };
        /**
         * NewToken
         * @description What a token shall be.
         */
        NewToken: {
            /**
             * Name
             * @description To tell it from others.
             */
            name: string;
            /**
             * User
             * @description Whose jobs it sees and makes; empty: one of that name.
             * @default
             */
            user: string;
            /**
             * Scope
             * @default make
             * @enum {string}
             */
            scope: "read" | "make" | "admin";
            /**
             * Days
             * @description When it expires; null: never.
             */
            days?: number | null;
        };
        /**
         * Offer
         * @description A browser's offer, as `RTCPeerConnection.localDescription` gives it.
         */
        Offer: {
            /** Sdp */
            sdp: string;
            /**
             * Type
             * @default offer
             * @constant
             */
            type: "offer";
        };
        /**
         * Outcome
         * @description How it went.
         */
        Outcome: {
            /** Ok */
            ok: boolean;
            /**
             * Message
             * @description What the service did, or why it did not.
             */
            message: string;
            /**
             * Hint
             * @description What to do about it.
             * @default
             */
            hint: string;
            /**
             * Seconds
             * @description To the first word, sound, or to the end of recognition; of a failure: until it was known.
             */
            seconds: number;
        };
        /**
         * Plugin
         * @description An engine, a speech engine, or a recogniser.
         */
        Plugin: {
            /** Name */
            name: string;
            /** Summary */
            summary: string;
            /** Licence */
            licence: string;
            /**
             * Ready
             * @description Everything that it needs is installed.
             */
            ready: boolean;
            /**
             * Install
             * @description The line that installs what is missing.
             */
            install: string;
            /**
             * Network
             * @description What it works on leaves this machine.
             */
            network: boolean;
            /**
             * Languages
             * @description Base languages that a recogniser understands; empty: many.
             */
            languages: string[];
        };
        /**
         * Preset
         * @description A kind of language model; a session's `llm` takes its name.
         */
        Preset: {
            /** Name */
            name: string;
            /**
             * Base Url
             * @description Its usual server; empty: none.
             */
            base_url: string;
            /**
             * Model
             * @description Its usual model; empty: none.
             */
            model: string;
        };
        /**
         * Problem
         * @description What went wrong (RFC 9457).
         */
        Problem: {
            /**
             * Type
             * @description A URN of the code.
             */
            type: string;
            /**
             * Title
             * @description The status in words.
             */
            title: string;
            /**
             * Status
             * @description The HTTP status.
             */
            status: number;
            /**
             * Detail
             * @description One sentence that names the wrong value.
             */
            detail: string;
            /**
             * Code
             * @description Stable; the same as the command line's.
             */
            code: string;
            /**
             * Hint
             * @description What to do about it.
             * @default
             */
            hint: string;
            /**
             * Retryable
             * @description The very same request may succeed later.
             * @default false
             */
            retryable: boolean;
        };
        /**
         * PullWeightsRequest
         * @description Model files from where they are published.
         */
        PullWeightsRequest: {
            /**
             * Name
             * @description In the catalogue; empty: all that Mien itself needs.
             * @default
             */
            name: string;
        };
        /**
         * Record
         * @description Whether the session shall be recorded from now on.
         */
        Record: {
            /** Recording */
            recording: boolean;
        };
        /**
         * Remark
         * @description How well a picture suits.
         */
        Remark: {
            /**
             * Code
             * @description A stable word.
             */
            code: string;
            /**
             * Level
             * @enum {string}
             */
            level: "good" | "warn" | "bad";
            /** Message */
            message: string;
            /**
             * Hint
             * @default
             */
            hint: string;
        };
        /**
         * Say
         * @description Something to say or to answer.
         */
        Say: {
            /** Text */
            text: string;
            /**
             * Mode
             * @description echo: say this; chat: answer this.
             * @default echo
             * @enum {string}
             */
            mode: "chat" | "echo";
            /**
             * When
             * @default interrupt
             * @enum {string}
             */
            when: "queue" | "interrupt";
        };
        /**
         * SessionInfo
         * @description A session as others see it.
         */
        SessionInfo: {
            /** Id */
            id: string;
            /** Avatar */
            avatar: string;
            /** Engine */
            engine: string;
            /** Voice */
            voice: string;
            /**
             * State
             * @enum {string}
             */
            state: "starting" | "idle" | "listening" | "thinking" | "speaking" | "closed";
            /**
             * Generation
             * @description Counts turns; everything of one turn carries its number.
             */
            generation: number;
            /** Speaking */
            speaking: boolean;
            /** Recording */
            recording: boolean;
            /**
             * Peers
             * @description How many watch it now.
             */
            peers: number;
            /** Width */
            width: number;
            /** Height */
            height: number;
            /** Fps */
            fps: number;
            /**
             * Actions
             * @description Movements it can be asked for.
             */
            actions: string[];
            /** Age S */
            age_s: number;
            /**
             * Silent S
             * @description Since anybody said anything.
             */
            silent_s: number;
            /**
             * Metrics
             * @description Frames sent and repeated, ticks missed, medians of the last turns …
             */
            metrics: {
                [key: string]: number;
            };
        };
        /**
         * SessionRequest
         * @description A new session.
         */
        SessionRequest: {
            /**
             * Avatar
             * @description Name of a stored or built-in avatar.
             * @default astronaut
             */
            avatar: string;
            /**
             * Engine
             * @description Which engine draws.
             * @default auto
             */
            engine: string;
            /**
             * Voice
             * @description ENGINE or ENGINE:NAME; empty: of the settings.
             * @default
             */
            voice: string;
            /**
             * Rate
             * @description Speed of the voice.
             * @default 1
             */
            rate: number;
            /**
             * Recognizer
             * @description What understands the user; empty: of the settings.
             * @default
             */
            recognizer: string;
            /**
             * Language
             * @description BCP 47 tag of the user's language; empty: any.
             * @default
             */
            language: string;
            /**
             * Persona
             * @description Who the avatar is; empty: of the settings.
             * @default
             */
            persona: string;
            /**
             * Llm
             * @description A preset of language model; empty: of the settings.
             * @default
             */
            llm: string;
            /**
             * Model
             * @description Of the language model; empty: of the settings.
             * @default
             */
            model: string;
            /**
             * Temperature
             * @description Of the language model.
             */
            temperature?: number | null;
            /**
             * Greeting
             * @description What the avatar says when somebody comes.
             * @default
             */
            greeting: string;
            /**
             * Size
             * @description Side of the picture, pixels.
             * @default 512
             */
            size: number;
            /**
             * Frame
             * @description Around the head, or the whole picture.
             * @default head
             * @enum {string}
             */
            frame: "head" | "full";
            /**
             * Fps
             * @description Frames per second.
             * @default 25
             */
            fps: number;
            /**
             * Seed
             * @description Of blinks and movements.
             * @default 0
             */
            seed: number;
        };
        /**
         * Setting
         * @description One setting, for a form.
         */
        Setting: {
            /** Name */
            name: string;
            /**
             * Type
             * @enum {string}
             */
            type: "string" | "integer" | "number" | "boolean" | "choice";
            /**
             * Group
             * @description Which settings belong together; a stable word.
             */
            group: string;
            /** Description */
            description: string;
            /** Default */
            default: string | boolean | number;
            /**
             * Value
             * @description Null: it is secret.
             */
            value: string | boolean | number | null;
            /** Secret */
            secret: boolean;
            /**
             * Set
             * @description It is not the default; of a secret: there is one.
             */
            set: boolean;
            /**
             * Locked
             * @description The server's environment sets it; it cannot be changed here.
             */
            locked: boolean;
            /**
             * Choices
             * @description All that a "choice" may be; suggestions for a "string".
             */
            choices: string[];
            /**
             * Minimum
             * @description Null: none.
             */
            minimum: number | null;
            /**
             * Maximum
             * @description Null: none.
             */
            maximum: number | null;
            /**
             * Restart
             * @description A change counts when the server is started again.
             */
            restart: boolean;
        };
        /**
         * SpeechRequest
         * @description What shall be said, and how; fields that only OpenAI knows are ignored.
         */
        SpeechRequest: {
            /**
             * Model
             * @description A speech engine, as GET /v1/models lists them, or one of OpenAI's.
             */
            model: string;
            /**
             * Input
             * @description The text.
             */
            input: string;
            /**
             * Voice
             * @description A voice of that engine, ENGINE:NAME, or one of OpenAI's names: the usual voice for the text's language.
             * @default alloy
             */
            voice: string | components["schemas"]["NamedVoice"];
            /**
             * Response Format
             * @description opus: in Ogg; aac: ADTS; pcm: 24 kHz, 16 bit, little-endian, mono.
             * @default mp3
             * @enum {string}
             */
            response_format: "mp3" | "opus" | "aac" | "flac" | "wav" | "pcm";
            /**
             * Speed
             * @description Factor on the voice's speed; voices go from 0.5 to 2.
             * @default 1
             */
            speed: number;
            /**
             * Stream Format
             * @description Of events there are none.
             * @default audio
             * @constant
             */
            stream_format: "audio";
        };
        /**
         * System
         * @description What this server can do.
         */
        System: {
            /** Version */
            version: string;
            /** Engines */
            engines: components["schemas"]["Plugin"][];
            /** Voices */
            voices: components["schemas"]["Plugin"][];
            /** Recognizers */
            recognizers: components["schemas"]["Plugin"][];
            /** Llms */
            llms: components["schemas"]["Preset"][];
            live: components["schemas"]["Capacity"];
            defaults: components["schemas"]["Defaults"];
            machine: components["schemas"]["Machine"];
            jobs: components["schemas"]["JobsState"];
            limits: components["schemas"]["Limits"];
        };
        /**
         * Token
         * @description One token, without what only its holder knows. Times are seconds since 1970.
         */
        Token: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** User */
            user: string;
            /**
             * Scope
             * @enum {string}
             */
            scope: "read" | "make" | "admin";
            /** Created At */
            created_at: number;
            /** Expires At */
            expires_at?: number | null;
            /** Last Used At */
            last_used_at?: number | null;
        };
        /**
         * Trial
         * @description What shall be tried out.
         */
        Trial: {
            /**
             * Service
             * @enum {string}
             */
            service: "llm" | "recognizer" | "voice";
            /**
             * Values
             * @description Settings that are not kept yet, over those that are.
             * @default {}
             */
            values: {
                [key: string]: string | boolean | number | null;
            };
        };
        /**
         * Turn
         * @description What was asked for goes on under this number; events carry it.
         */
        Turn: {
            /** Generation */
            generation: number;
        };
        /**
         * Video
         * @description A video that was made: a `speak` job that succeeded.
         */
        Video: {
            /**
             * Id
             * @description The job's.
             */
            id: string;
            /** Title */
            title: string;
            /** Avatar */
            avatar: string;
            /**
             * Voice
             * @description Empty: it speaks a recording.
             */
            voice: string;
            /** Text */
            text: string;
            /**
             * Created At
             * @description Seconds since 1970.
             */
            created_at: number;
            /** Seconds */
            seconds: number;
            /** Width */
            width: number;
            /** Height */
            height: number;
            /** Fps */
            fps: number;
            /** Bytes */
            bytes: number;
            /** Subtitles */
            subtitles: boolean;
            /**
             * Url
             * @description Path of the MP4 file on this server.
             */
            url: string;
            /**
             * Poster
             * @description Path of a picture of it on this server.
             */
            poster: string;
            /**
             * Made In S
             * @description How long the work took.
             */
            made_in_s: number;
        };
        /**
         * VideoPage
         * @description Some videos, the newest first.
         */
        VideoPage: {
            /** Videos */
            videos: components["schemas"]["Video"][];
            /**
             * Next Offset
             * @description For the next page; null: these were the last.
             */
            next_offset: number | null;
        };
        /**
         * Voice
         * @description A voice; a session's `voice` takes `ENGINE:NAME`.
         */
        Voice: {
            /** Engine */
            engine: string;
            /** Name */
            name: string;
            /** Language */
            language: string;
            /** Gender */
            gender: string;
            /** Description */
            description: string;
        };
        /**
         * Weights
         * @description Model files that are fetched together.
         */
        Weights: {
            /** Name */
            name: string;
            /** Title */
            title: string;
            /**
             * Files
             * @description As they are published.
             */
            files: string[];
            /**
             * Bytes
             * @description Of all of them.
             */
            bytes: number;
            /**
             * Present
             * @description They are here and ready to use.
             */
            present: boolean;
            /** Licence */
            licence: string;
            /**
             * Source
             * @description Where they are fetched first.
             */
            source: string;
            /**
             * Needed By
             * @description Engines that need them.
             */
            needed_by: string[];
        };
        /**
         * Worker
         * @description A process that does jobs.
         */
        Worker: {
            /** Name */
            name: string;
            /** Queue */
            queue: string;
            /** Alive */
            alive: boolean;
        };
        /**
         * SpeakRequest
         * @description A video of an avatar that says a text, or speaks a recording: then the file `audio` travels with it.
         *
         *     The fields are those of `mien.studio.SpeakOptions`.
         */
        SpeakRequest: {
            /**
             * Avatar
             * @description Name of a stored or built-in avatar.
             * @default astronaut
             */
            avatar: string;
            /**
             * Text
             * @description What shall be said; empty with a recording.
             * @default
             */
            text: string;
            /**
             * Transcript
             * @description What is said in the recording, if that is known: the mouth then follows its phonemes.
             * @default
             */
            transcript: string;
            /**
             * Language
             * @description Of the transcript, as espeak-ng calls it, such as de; empty: the one that its script tells.
             * @default
             */
            language: string;
            /**
             * Engine
             * @description Which engine draws.
             * @default auto
             */
            engine: string;
            /**
             * Voice
             * @description ENGINE or ENGINE:NAME; empty: the one of the settings.
             * @default
             */
            voice: string;
            /**
             * Rate
             * @description Factor on the voice's speed.
             * @default 1
             */
            rate: number;
            /**
             * Driver
             * @description What moves the mouth; auto: phonemes where they are known, else the network that hears the sound.
             * @default auto
             * @enum {string}
             */
            driver: "auto" | "phonemes" | "network" | "energy";
            /**
             * Fps
             * @description Frames per second.
             * @default 25
             */
            fps: number;
            /**
             * Frame
             * @description head: a square around the head; full: the whole picture.
             * @default head
             * @enum {string}
             */
            frame: "head" | "full";
            /**
             * Size
             * @description Side of the square around the head, pixels.
             * @default 512
             */
            size: number;
            /**
             * Seed
             * @description The same seed gives the same blinks and movements.
             * @default 0
             */
            seed: number;
            /**
             * Subtitles
             * @description Make subtitles, where there is a text or a transcript.
             * @default true
             */
            subtitles: boolean;
            /**
             * Label
             * @description The visible mark "AI-generated"; the file's metadata say it in any case.
             * @default true
             */
            label: boolean;
        };
        /**
         * CheckClipRequest
         * @description Whether a video is good enough to learn from; the file `source` travels with it.
         */
        CheckClipRequest: {
            /**
             * Name
             * @description How the video is called in lists.
             * @default
             */
            name: string;
        };
        /**
         * TrainRequest
         * @description An avatar learnt from a video; the file `source` travels with it.
         *
         *     OpenFace's table of action units may travel with it as the file `au_csv`: its blinks and parted lips take the place of Mien's own. So may a
         *     picture as the file `background`: it is shown behind the person instead of what was filmed.
         */
        TrainRequest: {
            /**
             * Name
             * @description How it is called from now on.
             */
            name: string;
            /**
             * Engine
             * @description An engine that can be trained; auto: Mien's own are, and the better avatar is kept.
             * @default auto
             */
            engine: string;
            /**
             * Size
             * @description Width and height of the avatar in pixels; usually 512.
             * @default null
             */
            size: number | null;
            /**
             * Check Id
             * @description Id of a check: its video is learnt from; empty: the video is sent along.
             * @default
             */
            check_id: string;
            /**
             * Background Colour
             * @description Shown behind the person instead of what was filmed: #rrggbb; a picture is sent as a file.
             * @default
             */
            background_colour: string;
            /**
             * Evaluate
             * @description Measure it in the end on a part of the video that it has not learnt from; auto does so where it has a choice.
             * @default true
             */
            evaluate: boolean;
            /**
             * Licence
             * @description Of the video.
             * @default
             */
            licence: string;
            /**
             * Consent
             * @description Who agreed to be shown, and how that is recorded.
             */
            consent: string;
        };
        /**
         * CreateAvatarRequest
         * @description An avatar from a picture; the file `source` travels with it.
         */
        CreateAvatarRequest: {
            /**
             * Name
             * @description How it is called from now on.
             */
            name: string;
            /**
             * Engine
             * @description Which engine it is for.
             * @default auto
             */
            engine: string;
            /**
             * Licence
             * @description Of the picture.
             * @default
             */
            licence: string;
            /**
             * Consent
             * @description Who agreed to be shown, and how that is recorded.
             */
            consent: string;
        };
        /**
         * ImportAvatarRequest
         * @description An exported avatar; the file `package` travels with it.
         */
        ImportAvatarRequest: {
            /**
             * Name
             * @description Keep it under this name; empty: under its own.
             * @default
             */
            name: string;
        };
        /**
         * EvaluateRequest
         * @description How well the lips of a video go with its sound: of one that was made here, or then the file `video` travels with it.
         *
         *     The file `reference`, a video of a real face that says the same, may travel with it in any case. The fields are those of
         *     `mien.evaluate_sync`.
         */
        EvaluateRequest: {
            /**
             * Video Id
             * @description Id of a video that was made here; empty: the video is sent along.
             * @default
             */
            video_id: string;
            /**
             * Name
             * @description How the video is called in lists and on the page.
             * @default
             */
            name: string;
            /**
             * Text
             * @description What is said, if that is known; of a video that was made here it is known already.
             * @default
             */
            text: string;
            /**
             * Spoken
             * @description Language of the text, as espeak-ng calls it, such as de; empty: the one that its script tells. Without a text, en: the sounds of English are recognised.
             * @default
             */
            spoken: string;
            /**
             * Lag Ms
             * @description r is also told at this lag; below 0 the lips are earlier.
             * @default 0
             */
            lag_ms: number;
            /**
             * Language
             * @description Of the page; auto: as the browser asks.
             * @default auto
             * @enum {string}
             */
            language: "auto" | "en" | "zh";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    system: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["System"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
        };
    };
    log_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    log_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"][];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedToken"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    list_avatars: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Avatar"][];
                };
            };
        };
    };
    create_avatar: {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the sender's choice: the same key with the same request gives the same job. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: Blob;
                    /**
                     * Name
                     * @description How it is called from now on.
                     */
                    name: string;
                    /**
                     * Engine
                     * @description Which engine it is for.
                     * @default auto
                     */
                    engine?: string;
                    /**
                     * Licence
                     * @description Of the picture.
                     * @default
                     */
                    licence?: string;
                    /**
                     * Consent
                     * @description Who agreed to be shown, and how that is recorded.
                     */
                    consent: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    inspect_picture: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: Blob;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inspection"];
                };
            };
        };
    };
    import_avatar: {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the sender's choice: the same key with the same request gives the same job. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: Blob;
                    /**
                     * Name
                     * @description Keep it under this name; empty: under its own.
                     * @default
                     */
                    name?: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    get_avatar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Avatar"];
                };
            };
        };
    };
    delete_avatar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_preview: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": Blob;
                };
            };
        };
    };
    export_avatar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": Blob;
                };
            };
        };
    };
    check_clip: {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the sender's choice: the same key with the same request gives the same job. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: Blob;
                    /**
                     * Name
                     * @description How the video is called in lists.
                     * @default
                     */
                    name?: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    train_avatar: {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the sender's choice: the same key with the same request gives the same job. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrainRequest"];
                "multipart/form-data": {
                    /** Format: binary */
                    file?: Blob;
                    /** Format: binary */
                    au_csv?: Blob;
                    /** Format: binary */
                    background?: Blob;
                    /**
                     * Name
                     * @description How it is called from now on.
                     */
                    name: string;
                    /**
                     * Engine
                     * @description An engine that can be trained; auto: Mien's own are, and the better avatar is kept.
                     * @default auto
                     */
                    engine?: string;
                    /**
                     * Size
                     * @description Width and height of the avatar in pixels; usually 512.
                     */
                    size?: number | null;
                    /**
                     * Check Id
                     * @description Id of a check: its video is learnt from; empty: the video is sent along.
                     * @default
                     */
                    check_id?: string;
                    /**
                     * Background Colour
                     * @description Shown behind the person instead of what was filmed: #rrggbb; a picture is sent as a file.
                     * @default
                     */
                    background_colour?: string;
                    /**
                     * Evaluate
                     * @description Measure it in the end on a part of the video that it has not learnt from; auto does so where it has a choice.
                     * @default true
                     */
                    evaluate?: boolean;
                    /**
                     * Licence
                     * @description Of the video.
                     * @default
                     */
                    licence?: string;
                    /**
                     * Consent
                     * @description Who agreed to be shown, and how that is recorded.
                     */
                    consent: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    speak: {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the sender's choice: the same key with the same request gives the same job. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SpeakRequest"];
                "multipart/form-data": {
                    /** Format: binary */
                    audio?: Blob;
                    /**
                     * Avatar
                     * @description Name of a stored or built-in avatar.
                     * @default astronaut
                     */
                    avatar?: string;
                    /**
                     * Text
                     * @description What shall be said; empty with a recording.
                     * @default
                     */
                    text?: string;
                    /**
                     * Transcript
                     * @description What is said in the recording, if that is known: the mouth then follows its phonemes.
                     * @default
                     */
                    transcript?: string;
                    /**
                     * Language
                     * @description Of the transcript, as espeak-ng calls it, such as de; empty: the one that its script tells.
                     * @default
                     */
                    language?: string;
                    /**
                     * Engine
                     * @description Which engine draws.
                     * @default auto
                     */
                    engine?: string;
                    /**
                     * Voice
                     * @description ENGINE or ENGINE:NAME; empty: the one of the settings.
                     * @default
                     */
                    voice?: string;
                    /**
                     * Rate
                     * @description Factor on the voice's speed.
                     * @default 1
                     */
                    rate?: number;
                    /**
                     * Driver
                     * @description What moves the mouth; auto: phonemes where they are known, else the network that hears the sound.
                     * @default auto
                     * @enum {string}
                     */
                    driver?: "auto" | "phonemes" | "network" | "energy";
                    /**
                     * Fps
                     * @description Frames per second.
                     * @default 25
                     */
                    fps?: number;
                    /**
                     * Frame
                     * @description head: a square around the head; full: the whole picture.
                     * @default head
                     * @enum {string}
                     */
                    frame?: "head" | "full";
                    /**
                     * Size
                     * @description Side of the square around the head, pixels.
                     * @default 512
                     */
                    size?: number;
                    /**
                     * Seed
                     * @description The same seed gives the same blinks and movements.
                     * @default 0
                     */
                    seed?: number;
                    /**
                     * Subtitles
                     * @description Make subtitles, where there is a text or a transcript.
                     * @default true
                     */
                    subtitles?: boolean;
                    /**
                     * Label
                     * @description The visible mark "AI-generated"; the file's metadata say it in any case.
                     * @default true
                     */
                    label?: boolean;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    evaluate_sync: {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the sender's choice: the same key with the same request gives the same job. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EvaluateRequest"];
                "multipart/form-data": {
                    /** Format: binary */
                    video?: Blob;
                    /** Format: binary */
                    reference?: Blob;
                    /**
                     * Video Id
                     * @description Id of a video that was made here; empty: the video is sent along.
                     * @default
                     */
                    video_id?: string;
                    /**
                     * Name
                     * @description How the video is called in lists and on the page.
                     * @default
                     */
                    name?: string;
                    /**
                     * Text
                     * @description What is said, if that is known; of a video that was made here it is known already.
                     * @default
                     */
                    text?: string;
                    /**
                     * Spoken
                     * @description Language of the text, as espeak-ng calls it, such as de; empty: the one that its script tells. Without a text, en: the sounds of English are recognised.
                     * @default
                     */
                    spoken?: string;
                    /**
                     * Lag Ms
                     * @description r is also told at this lag; below 0 the lips are earlier.
                     * @default 0
                     */
                    lag_ms?: number;
                    /**
                     * Language
                     * @description Of the page; auto: as the browser asks.
                     * @default auto
                     * @enum {string}
                     */
                    language?: "auto" | "en" | "zh";
                };
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    list_jobs: {
        parameters: {
            query?: {
                /** @description Only of these kinds. */
                kind?: ("speak" | "create_avatar" | "import_avatar" | "check_clip" | "train" | "evaluate" | "pull_weights")[];
                /** @description Only of these. */
                status?: ("queued" | "running" | "succeeded" | "failed" | "cancelled")[];
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
        };
    };
    get_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    delete_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    resume_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    retry_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    get_job_log: {
        parameters: {
            query?: {
                /** @description Bytes to leave out. */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description Where to go on reading. */
                    "X-Next-Offset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    job_events: {
        parameters: {
            query?: {
                /** @description The last event that was seen; -1: from the first. */
                after?: number;
            };
            header?: {
                "last-event-id"?: string | null;
            };
            path: {
                /** @description As it was given when the job was handed in. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        id?: string;
                        event?: string;
                        data?: string;
                    };
                };
            };
        };
    };
    get_job_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description As it was given when the job was handed in. */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": Blob;
                };
            };
            /** @description The range that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_videos: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VideoPage"];
                };
            };
        };
    };
    get_video: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
        };
    };
    delete_video: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_video_file: {
        parameters: {
            query?: {
                /** @description To be saved, not shown. */
                download?: boolean;
            };
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": Blob;
                };
            };
            /** @description The range that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_poster: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": Blob;
                };
            };
        };
    };
    get_subtitles: {
        parameters: {
            query?: {
                /** @description To be saved, not shown. */
                download?: boolean;
            };
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-subrip": string;
                };
            };
        };
    };
    get_web_subtitles: {
        parameters: {
            query?: {
                /** @description To be saved, not shown. */
                download?: boolean;
            };
            header?: never;
            path: {
                /** @description As it was given when the job was handed in. */
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/vtt": string;
                };
            };
        };
    };
    list_engines: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineInfo"][];
                };
            };
        };
    };
    list_voices: {
        parameters: {
            query?: {
                /** @description Only voices of this language, such as en or zh-CN. */
                language?: string;
                /** @description Only of this speech engine; needed for those that ask the network. */
                engine?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Voice"][];
                };
            };
        };
    };
    get_voice_sample: {
        parameters: {
            query: {
                /** @description ENGINE:NAME, or ENGINE for its usual one. */
                voice: string;
                /** @description Empty: a short sentence in the voice's language. */
                text?: string;
            };
            header?: {
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "audio/mpeg": Blob;
                };
            };
            /** @description It is the one that the browser has. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_weights: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Weights"][];
                };
            };
        };
    };
    pull_weights: {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the sender's choice: the same key with the same request gives the same job. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PullWeightsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
        };
    };
    get_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setting"][];
                };
            };
        };
    };
    change_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: string | boolean | number | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setting"][];
                };
            };
        };
    };
    try_service: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Trial"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outcome"];
                };
            };
        };
    };
    list_licences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Licence"][];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Models"];
                };
            };
        };
    };
    create_speech: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SpeechRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "audio/mpeg": Blob;
                    "audio/ogg": Blob;
                    "audio/aac": Blob;
                    "audio/flac": Blob;
                    "audio/wav": Blob;
                    "audio/pcm": Blob;
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionInfo"][];
                };
            };
        };
    };
    create_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSession"];
                };
            };
        };
    };
    get_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionInfo"];
                };
            };
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    offer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Offer"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                };
            };
        };
    };
    add_candidates: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Candidates"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    say: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Say"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Turn"];
                };
            };
        };
    };
    play_audio: {
        parameters: {
            query?: {
                when?: "queue" | "interrupt";
            };
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "audio/*": Blob;
                "video/*": Blob;
                "application/octet-stream": Blob;
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Turn"];
                };
            };
        };
    };
    interrupt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    act: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Action"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    record: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Record"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionInfo"];
                };
            };
        };
    };
    get_recording: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "video/mp4": Blob;
                };
            };
            /** @description The range that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    events: {
        parameters: {
            query?: {
                /** @description The last event that was seen, 0 for all that are kept; without it: from now. */
                after?: number | null;
            };
            header?: {
                "last-event-id"?: string | null;
            };
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    watch_new_session: {
        parameters: {
            query?: {
                /** @description Name of a stored or built-in avatar. */
                avatar?: string;
                /** @description ENGINE or ENGINE:NAME. */
                voice?: string;
                /** @description What the avatar says when the player comes. */
                greeting?: string;
                /** @description The server's, for players that can send no header. */
                token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/sdp": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/sdp": string;
                };
            };
        };
    };
    watch_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/sdp": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/sdp": string;
                };
            };
        };
    };
    leave_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                peer_id: string;
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    add_player_candidates: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                peer_id: string;
                /** @description As `POST /api/v1/live/sessions` gave it. */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/trickle-ice-sdpfrag": string;
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
