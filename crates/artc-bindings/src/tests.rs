//! The documented tables: names, numbers, limits, and the vendor's token vector.

mod explained;

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use crate::*;

#[test]
fn error_codes_have_the_documented_numbers() {
    let known = [
        ("ERR_OK", 0),
        ("ERR_JOIN_BAD_APPID", 0x0201_0201),
        ("ERR_JOIN_INVALID_APPID", 0x0201_0202),
        ("ERR_JOIN_INVALID_CHANNEL", 0x0201_0203),
        ("ERR_JOIN_BAD_CHANNEL", 0x0201_0204),
        ("ERR_JOIN_BAD_TOKEN", 0x0201_0205),
        ("ERR_JOIN_TIMEOUT", 0x0102_0204),
        ("ERR_JOIN_BAD_PARAM", 0x0103_0101),
        ("ERR_JOIN_FAILED", 0x0103_0202),
        ("ERR_JOIN_CONFIG_INVALID", 0x0103_0302),
        ("ERR_LEAVE_UNUSUAL", 0x0103_0303),
        ("ERR_NO_PEOPLE", 0x0103_0304),
        ("ERR_AUDIO_DATA_ERROR", 0x0301_0201),
        ("ERR_VIDEO_DATA_ERROR", 0x0301_0202),
        ("ERR_NETWORK_CONNECT_FAIL", 0x0105_0201),
        ("ERR_NETWORK_RECONNECT_FAIL", 0x0105_0202),
        ("ERR_NETWORK_DISCONNECT", 0x0105_0203),
        ("ERR_NETWORK_TIMEOUT", 0x0102_020C),
        ("ERR_PUBLISH_INVALID", 0x0103_0305),
        ("ERR_Publish_NOT_JOIN_CHANNEL", 0x0101_0406),
        ("ERR_PUBLISH_AUDIO_STREAM_FAILED", 0x0101_0450),
        ("ERR_PUBLISH_VIDEO_STREAM_FAILED", 0x0101_0451),
        ("ERR_PUBLISH_DUAL_STREAM_FAILED", 0x0101_0452),
        ("ERR_PUBLISH_SCREEN_SHARE_FAILED", 0x0101_0453),
        ("ERR_PUBLISH_SCREEN_SHARE_CONFIG", 0x0101_0454),
        ("ERR_SUBSCRIBE_INVALID", 0x0103_0404),
        ("ERR_SUBSCRIBE_NOT_JOIN_CHANNEL", 0x0101_0550),
        ("ERR_SUBSCRIBE_AUDIO_STREAM_FAILED", 0x0101_0551),
        ("ERR_SUBSCRIBE_VIDEO_STREAM_FAILED", 0x0101_0552),
        ("ERR_SUBSCRIBE_DUAL_STREAM_FAILED", 0x0101_0553),
        ("ERR_SUBSCRIBE_SCREEN_SHARE_FAILED", 0x0101_0554),
        ("ERR_SUBSCRIBE_DUAL_AUDIO_STREAM_FAILED", 0x0101_0555),
        ("ERR_SDK_INVALID_STATE", 0x0106_0101),
        ("ERR_SESSION_REMOVED", 0x0106_0102),
        ("ERR_INNER", 0x0106_0103),
        ("ERR_VIDEO_TRANSFER", 0x0106_0104),
        ("ERR_AUDIO_TRANSFER", 0x0106_0105),
        ("ERR_AUDIO_BUFFER_FULL", 0x0106_0106),
        ("ERR_FATAL", -1),
    ];
    assert_eq!(known.len(), ErrorCode::ALL.len());
    for (name, value) in known {
        let code = ErrorCode::from_name(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(code.value(), value, "{name}");
        assert_eq!(ErrorCode::from_value(value), Some(code), "{name}");
    }
    assert_eq!(ErrorCode::AudioBufferFull.to_string(), "ERR_AUDIO_BUFFER_FULL (0x01060106)");
    assert_eq!(ErrorCode::Fatal.to_string(), "ERR_FATAL (-1)");
}

/// Numbers from the documents, a few of each enum: names, sentinels and spelling variants.
#[test]
fn enums_have_the_documented_numbers_and_spellings() {
    fn number(names: &[(&str, i64)], name: &str) -> i64 {
        names.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("{name} is missing")).1
    }
    assert_eq!(number(ChannelProfile::NAMES, "ChannelProfileInteractiveWithLowLatencyLive"), 2);
    assert_eq!(number(SubscribeMode::NAMES, "SubscribeCameraAutoAndOnly"), 3);
    assert_eq!(number(PublishMode::NAMES, "PublishManually"), 1);
    assert_eq!(number(PublishAvsyncMode::NAMES, "PublishAvysncWithPts"), 1);
    assert_eq!(number(PublishAvsyncMode::NAMES, "PublishAvsyncWithPts"), 1);
    assert_eq!(number(AudioQualityMode::NAMES, "StereoSuperHighQualityMode"), 0x13);
    assert_eq!(number(AudioQualityMode::NAMES, "QualityMaxMode"), 0x14);
    assert_eq!(number(AudioSceneMode::NAMES, "KtvMode"), 0x500);
    assert_eq!(number(AudioSceneMode::NAMES, "SceneMaxMode"), 0x501);
    assert_eq!(number(VideoTrack::NAMES, "VideoTrackEnd"), 0xffff_ffff);
    assert_eq!(number(VideoTrack::NAMES, "AliEngineVideoTrackBoth"), 3);
    assert_eq!(number(VideoSource::NAMES, "VideosourceTypeMax"), 2);
    assert_eq!(number(RenderMode::NAMES, "RenderModeCrop"), 3);
    assert_eq!(number(VideoDataFormat::NAMES, "VideoDataFormatUnknow"), -1);
    assert_eq!(number(VideoDataFormat::NAMES, "VideoDataFormatBGR24"), 7);
    assert_eq!(number(AudioFormat::NAMES, "AudioFormatPcmBeforMixing"), 2);
    assert_eq!(number(PublishState::NAMES, "AliEngineStatsPublished"), 3);
    assert_eq!(number(SubscribeState::NAMES, "AliEngineStatsSubscribing"), 2);
    assert_eq!(number(ClientRole::NAMES, "AliEngineClientRoleLive"), 1);
    assert_eq!(number(DataMsgType::NAMES, "AliEngineDataChannelCustom"), 2);
    assert_eq!(number(RotationMode::NAMES, "AliEngineRotationMode_NoChange"), -1);
    assert_eq!(number(RotationMode::NAMES, "AliEngineRotationMode_270"), 270);
    assert_eq!(number(ConnectionStatus::NAMES, "AliEngineConnectionFailed"), 5);
    assert_eq!(number(VideoTranscodingCodec::NAMES, "VideoTranscodingCodecBothYuvAndH264"), 2);
    assert_eq!(number(WarningCode::NAMES, "WARN_DEFAULT"), -1);
    assert_eq!(number(LogLevel::NAMES, "LogLevelNone"), 7);
    assert_eq!(AudioTrack::from_value(0xffff_ffff), None, "a sentinel is no member");
}

#[test]
fn join_configuration_has_the_documented_defaults() {
    let config = JoinChannelConfig::default();
    assert_eq!(config.channel_profile, ChannelProfile::InteractiveLive);
    assert!(!config.is_audio_only);
    assert_eq!(config.publish_avsync_mode, PublishAvsyncMode::NoDelay);
    assert_eq!(config.publish_avsync_with_pts_max_audio_cache_size, 300);
    assert_eq!(config.publish_avsync_with_pts_max_video_cache_size, 100);
    assert_eq!((config.publish_mode, config.subscribe_mode), (PublishMode::Manually, SubscribeMode::Manually));
    assert_eq!(config.subscribe_video_format, VideoFormat::H264);
    assert_eq!(config.subscribe_audio_format, AudioFormat::MixedPcm);
}

// --- Join token ---

const VENDOR_SIGNATURE: &str = "3c9ee8d9f8734f0b7560ed8022a0590659113955819724fc9345ab8eedf84f31";
const VENDOR_TIME: i64 = 1_699_423_634;

fn vendor_auth() -> AuthInfo {
    AuthInfo {
        app_id: "abc".into(),
        channel: "abcChannel".into(),
        user_id: "abcUser".into(),
        timestamp: VENDOR_TIME,
        ..AuthInfo::default()
    }
}

#[test]
fn tokens_match_the_vendors_published_vector() {
    assert_eq!(token::signature("abc", "abckey", "abcChannel", "abcUser", "", VENDOR_TIME), VENDOR_SIGNATURE);
    let nonce = "AK-2b9be4b25c2d38c409c376ffd2372be1";
    assert_eq!(
        token::signature("abc", "abckey", "abcChannel", "abcUser", nonce, VENDOR_TIME),
        "7034a32b083a753c76bc7a6607dfe4d59f4aee3cd404c71ea5bbfe7158812198"
    );
    let mut auth = vendor_auth();
    let made = token::generate(&mut auth, "abckey").expect("valid fields");
    assert_eq!(
        made.expose(),
        "eyJhcHBpZCI6ImFiYyIsImNoYW5uZWxpZCI6ImFiY0NoYW5uZWwiLCJ1c2VyaWQiOiJhYmNVc2VyIiwibm9uY2UiOiIiLCJ0aW1lc3RhbXAiOjE2OTk0\
         MjM2MzQsInRva2VuIjoiM2M5ZWU4ZDlmODczNGYwYjc1NjBlZDgwMjJhMDU5MDY1OTExMzk1NTgxOTcyNGZjOTM0NWFiOGVlZGY4NGYzMSJ9"
    );
    assert_eq!(auth.token, made);
}

#[test]
fn tokens_are_verified_by_key_time_channel_and_user() {
    use base64::Engine as _;
    let mut auth = vendor_auth();
    let made = token::generate(&mut auth, "abckey").expect("valid fields");
    let key = Secret::new("abckey");
    let before = Duration::from_secs(1_699_423_633);
    let content = JoinToken::verify(made.expose(), "abc", &key, before).expect("a fresh token");
    assert_eq!(content.check_for("abcChannel", "abcUser"), Ok(()));
    assert!(matches!(content.check_for("other", "abcUser"), Err(VerifyError::Channel { .. })));
    assert!(matches!(content.check_for("abcChannel", "other"), Err(VerifyError::User { .. })));
    let verify = |token: &str, app: &str, key: &str, at| JoinToken::verify(token, app, &Secret::new(key), at).unwrap_err();
    let ago = Duration::from_secs(3);
    assert_eq!(verify(made.expose(), "abc", "abckey", before + Duration::from_secs(4)), VerifyError::Expired { ago });
    assert_eq!(verify(made.expose(), "abc", "wrong", before), VerifyError::Signature);
    assert!(matches!(verify(made.expose(), "xyz", "abckey", before), VerifyError::App { .. }));
    assert!(matches!(verify("no base64!", "abc", "abckey", before), VerifyError::Malformed(_)));
    // Another language's JSON: spaces, another order, an unknown key.
    let json = format!(
        r#"{{ "token": "{VENDOR_SIGNATURE}", "gslb": ["https://rgslb.rtc.aliyuncs.com"], "nonce": "", "timestamp": {VENDOR_TIME},
            "userid": "abcUser", "channelid": "abcChannel", "appid": "abc" }}"#
    );
    let spaced = base64::engine::general_purpose::STANDARD.encode(json);
    assert_eq!(JoinToken::verify(&spaced, "abc", &key, before).map(|t| t.user_id), Ok("abcUser".to_owned()));
}

#[test]
fn secrets_do_not_show() {
    let mut auth = vendor_auth();
    auth.nonce = "AK-hidden".into();
    let made = token::generate(&mut auth, "abckey").expect("valid fields");
    let content = JoinToken::read(made.expose()).expect("our own token");
    for text in [format!("{auth:?}"), format!("{made:?}"), format!("{content:?}"), format!("{:?}", Secret::new("abckey"))] {
        assert!(!text.contains("eyJ") && !text.contains("abckey") && !text.contains("3c9ee8") && !text.contains("AK-"), "{text}");
    }
}

#[test]
fn tokens_are_not_made_from_bad_fields() {
    let make = |change: fn(&mut AuthInfo), key: &str| {
        let mut auth = vendor_auth();
        change(&mut auth);
        token::generate(&mut auth, key).unwrap_err().to_string()
    };
    assert_eq!(make(|a| a.app_id.clear(), "k"), "token: app_id is empty");
    assert_eq!(make(|_| (), ""), "token: app_key is empty");
    assert_eq!(
        make(|a| a.channel = "a b".into(), "k"),
        "token: channel may have 1 to 64 of A-Z, a-z, 0-9, '_' and '-', not \"a b\""
    );
    assert_eq!(make(|a| a.timestamp = 0, "k"), "token: timestamp is 0; it is the expiry in seconds since 1970");
}

// --- Pictures ---

fn bytes(len: usize) -> SampleBytes {
    Arc::new(vec![0_u8; len])
}

#[test]
fn the_2k_limit_names_size_and_limit() {
    let fits = |w: u32, h: u32| VideoDataSample::i420(bytes((w * h * 3 / 2) as usize), w, h, 0, None).check();
    assert_eq!(fits(1920, 1080), Ok(()));
    assert_eq!(fits(1920, 1088), Ok(()));
    assert_eq!(fits(1088, 1920), Ok(()));
    for (w, h) in [(1922, 1080), (1920, 1090), (2560, 1440), (1090, 1920), (2048, 16)] {
        assert_eq!(fits(w, h), Err(SampleError::TooLarge { width: w, height: h }));
    }
    let error = CallError::from(fits(2560, 1440).unwrap_err());
    assert_eq!(
        error.to_string(),
        "push_external_video_frame: frame of 2560x1440 is too large: the longer side may have 1920 pixels and the shorter 1088"
    );
    assert_eq!(error.code(), ErrorCode::VideoDataError);
}

#[test]
fn samples_that_lie_are_refused() {
    let good = VideoDataSample::i420(bytes(640 * 480 * 3 / 2), 640, 480, 0, None);
    let with = |change: &dyn Fn(&mut VideoDataSample)| {
        let mut sample = good.clone();
        change(&mut sample);
        sample.check()
    };
    assert_eq!(with(&|_| ()), Ok(()));
    assert!(matches!(with(&|s| s.data = bytes(100)), Err(SampleError::Short { got: 100, need: 460_800, .. })));
    assert!(matches!(with(&|s| s.data_len = 460_799), Err(SampleError::Short { got: 460_799, .. })));
    assert!(matches!(with(&|s| s.data_len = 500_000), Err(SampleError::Short { .. })));
    assert!(matches!(with(&|s| s.stride_v = 319), Err(SampleError::Stride { plane: 'V', stride: 319, need: 320, .. })));
    assert!(matches!(with(&|s| s.height = 0), Err(SampleError::Empty { .. })));
    assert!(matches!(with(&|s| s.rotation = 45), Err(SampleError::Rotation { rotation: 45 })));
    assert!(matches!(with(&|s| s.buffer_type = VideoBufferType::Texture), Err(SampleError::BufferType { .. })));
    assert!(matches!(with(&|s| s.format = VideoDataFormat::H265), Err(SampleError::Format { .. })));
    // Packed RGB with the width as stride, as the documents' programs do it.
    let rgb = VideoDataSample { format: VideoDataFormat::Rgb24, stride_y: 640, data: bytes(640 * 480 * 3), ..good.clone() };
    assert_eq!(VideoDataSample { data_len: 640 * 480 * 3, ..rgb.clone() }.check(), Ok(()));
    assert!(matches!(rgb.check(), Err(SampleError::Short { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn checking_a_sample_never_panics(
        format in -1_i64..8, len in 0_usize..100_000, data_len: usize, width: u32, height: u32, y: u32, u: u32, v: u32,
        rotation in 0_u32..400,
    ) {
        let sample = VideoDataSample {
            format: VideoDataFormat::from_value(format).unwrap_or(VideoDataFormat::I420),
            buffer_type: VideoBufferType::RawData,
            data: bytes(len), data_len, stride_y: y, stride_u: u, stride_v: v, width, height, rotation,
            time_stamp: 0, captured_at: None,
        };
        // Whoever passes the check may read every byte that format, size and strides promise.
        if sample.check().is_ok() {
            prop_assert!(sample.bytes().len() == data_len && width <= 1920 && height <= 1920);
        }
    }

    #[test]
    fn reading_a_token_never_panics(text in ".{0,200}") {
        let _ = JoinToken::read(&text);
        let _ = Extra::parse(&text);
        let _ = Parameters::parse(&text);
    }

    #[test]
    fn clamping_gives_what_an_encoder_takes(width: u32, height: u32, frame_rate: u32, bitrate: u32, min_bitrate: u32) {
        let wish = VideoEncoderConfiguration {
            dimensions: Dimensions { width, height }, frame_rate, bitrate, min_bitrate, ..Default::default()
        };
        let got = wish.clamped();
        let (long, short) = (got.dimensions.width.max(got.dimensions.height), got.dimensions.width.min(got.dimensions.height));
        prop_assert!((16..=1920).contains(&long) && (16..=1080).contains(&short), "{:?}", got.dimensions);
        prop_assert!(long % 2 == 0 && short % 2 == 0);
        prop_assert!((1..=30).contains(&got.frame_rate) && got.bitrate > 0 && got.min_bitrate <= got.bitrate);
        prop_assert_eq!(got.clamped(), got);
    }
}

// --- Encoder ---

#[test]
fn encoder_settings_are_clamped_by_the_table() {
    let clamp = |width, height, frame_rate, bitrate| {
        let dimensions = Dimensions { width, height };
        let c = VideoEncoderConfiguration { dimensions, frame_rate, bitrate, ..Default::default() }.clamped();
        (c.dimensions.width, c.dimensions.height, c.frame_rate, c.bitrate)
    };
    assert_eq!(clamp(640, 480, 15, 512), (640, 480, 15, 512));
    assert_eq!(clamp(1280, 720, 30, 0), (1280, 720, 30, 2400), "0 is the recommendation");
    assert_eq!(clamp(1280, 720, 30, 9_999), (1280, 720, 30, 3600));
    assert_eq!(clamp(1280, 720, 30, 1), (1280, 720, 30, 2400));
    assert_eq!(clamp(3840, 2160, 60, 9_999), (1920, 1080, 30, 4500), "larger pictures keep their shape");
    assert_eq!(clamp(1080, 1920, 30, 0), (1080, 1920, 30, 3000), "upright");
    assert_eq!(clamp(1920, 1920, 30, 0), (1080, 1080, 30, 2400), "the nearest row by pixels is 1280x720");
    assert_eq!(clamp(840, 480, 30, 0).3, 1080, "a recommendation below the minimum gives the minimum");
    let screen = ScreenShareEncoderConfiguration { frame_rate: 99, ..Default::default() }.clamped();
    assert_eq!((screen.dimensions.width, screen.frame_rate, screen.bitrate), (0, 30, 512));
}

#[test]
fn the_bitrate_table_is_ordered() {
    for ((w, h), ranges) in bitrate::TABLE {
        for (range, rate) in ranges.iter().zip(bitrate::RATES) {
            let ordered = range.min <= range.recommended && range.recommended <= range.max;
            assert!(ordered || (w, h, rate) == (840, 480, 30), "{w}x{h}@{rate}");
        }
    }
}

// --- Settings ---

#[test]
fn extra_takes_the_documented_keys() {
    let extra = Extra::parse(
        r#"{"user_specified_disable_audio_ranking": "true", "user_specified_audio_observer_codec": 2,
            "user_specified_video_observer_codec": 1, "user_specified_audio_observer_resample_rate": 16000,
            "artc_open_url": "ws://127.0.0.1:7880", "somebody_elses_key": [1]}"#,
    )
    .expect("documented keys");
    assert!(extra.disable_audio_ranking);
    assert_eq!(extra.audio_observer_codec, Some(AudioTranscodingCodec::BothPcmAndAac));
    assert_eq!(extra.video_observer_codec, Some(VideoTranscodingCodec::H264));
    assert_eq!(extra.audio_observer_resample_rate, 16_000);
    assert_eq!(Extra::parse("  "), Ok(Extra::default()));
    for bad in ["{", "[]", r#"{"user_specified_audio_observer_codec": 9}"#, r#"{"user_specified_audio_dump": 7}"#] {
        assert!(Extra::parse(bad).is_err(), "{bad}");
    }
    assert!(CreateParams { low_port: 2, high_port: 1, ..Default::default() }.check().is_err());
}
